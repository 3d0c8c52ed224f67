// `npm run test:electron`: the in-host suite in a desktop VS Code, which @vscode/test-electron downloads on first use.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { copySample } from './lib/extension-folder.mjs';
import { ensureKit } from './lib/kit.mjs';
import { root } from './lib/run.mjs';
import { main, ScriptFailure } from './lib/say.mjs';
import { setUp } from './setup.mjs';

await main(async () => {
  await setUp();
  await ensureKit();
  const home = mkdtempSync(join(tmpdir(), 'fine-tune-electron-'));
  const workspace = join(home, 'sample');
  copySample(workspace);
  const suite = join(home, 'suite.js');
  await build({
    entryPoints: [join(root, 'test', 'workbench', 'in-host', 'suite.ts')],
    bundle: true,
    platform: 'node',
    external: ['vscode'],
    outfile: suite,
  });
  const kit = createRequire(join(root, 'test', 'workbench', 'package.json'));
  const { runTests } = kit('@vscode/test-electron');
  try {
    await runTests({
      extensionDevelopmentPath: root,
      extensionTestsPath: suite,
      launchArgs: [workspace, '--disable-extensions', '--disable-workspace-trust'],
    });
  } catch (error) {
    throw new ScriptFailure(
      `The desktop suite failed: ${error instanceof Error ? error.message : String(error)}`,
      'Its output is above. The first run downloads VS Code, and on Linux it needs a display (xvfb-run gives one).',
    );
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
