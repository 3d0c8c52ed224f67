// `npm run package [-- TARGET …]`: one VSIX per platform into artifacts/, for this machine's platform unless others are named.
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stageExtension } from './lib/extension-folder.mjs';
import { ensureKit } from './lib/kit.mjs';
import { fetchLlamaPackage } from './lib/llama-package.mjs';
import { root, run } from './lib/run.mjs';
import { main, ScriptFailure, step } from './lib/say.mjs';
import { setUp } from './setup.mjs';

/** VS Code's names of the platforms that the training engine has a library for. */
const targets = ['linux-x64', 'linux-arm64', 'darwin-arm64', 'win32-x64', 'win32-arm64'];

await main(async () => {
  const chosen = process.argv.length > 2 ? process.argv.slice(2) : [`${process.platform}-${process.arch}`];
  const wanted = chosen.includes('all') ? targets : chosen;
  const unknown = wanted.find((target) => !targets.includes(target));
  if (unknown)
    throw new ScriptFailure(
      `There is no package for ${unknown}.`,
      `There is one for ${targets.join(', ')}; or say all.`,
    );
  await setUp();
  const kit = await ensureKit();
  for (const target of wanted) await step(`Packaging for ${target}`, () => packageFor(kit.node, target));
});

/** @param {string} node @param {string} target */
async function packageFor(node, target) {
  const [platform = '', arch = ''] = target.split('-');
  const folder = mkdtempSync(join(tmpdir(), 'fine-tune-package-'));
  const vsix = join(root, 'artifacts', `fine-tune-${target}.vsix`);
  mkdirSync(join(root, 'artifacts'), { recursive: true });
  try {
    stageExtension(folder, { platform, arch }, await fetchLlamaPackage({ platform, arch }));
    const vsce = join(root, 'test', 'workbench', 'node_modules', '@vscode', 'vsce', 'vsce');
    // The files that README and CHANGELOG link to are part of the package; there is no address to put before them.
    const links = ['--allow-missing-repository', '--no-rewrite-relative-links'];
    const args = [vsce, 'package', '--target', target, '--out', vsix, '--skip-license', ...links];
    const { code, output } = await run(node, args, { cwd: folder, capture: true });
    if (code !== 0)
      throw new ScriptFailure(`vsce failed with code ${code}:\n${output}`, 'Correct what it names in package.json.');
    process.stdout.write(`${(statSync(vsix).size / 1e6).toFixed(1)} MB, `);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
