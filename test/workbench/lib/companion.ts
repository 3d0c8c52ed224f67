import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from '../../../scripts/lib/run.mjs';

/** Bundles the in-host suite into an extension of its own. Returns the file that its result will be in. */
export async function installCompanion(extensions: string): Promise<string> {
  const folder = join(extensions, 'fine-tune.in-host-0.0.1');
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: [join(root, 'test', 'workbench', 'in-host', 'companion.ts')],
    bundle: true,
    platform: 'node',
    external: ['vscode'],
    outfile: join(folder, 'companion.js'),
  });
  const manifest = {
    name: 'in-host',
    publisher: 'fine-tune',
    version: '0.0.1',
    engines: { vscode: '^1.100.0' },
    main: './companion.js',
    activationEvents: ['onStartupFinished'],
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  return join(folder, 'result.json');
}
