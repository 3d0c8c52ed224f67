// Writes what derives from the code: media/finetune.schema.json from the table of settings, and in package.json the
// setting fine-tune.rules from the rules. A unit test fails when they differ.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import * as prettier from 'prettier';
import { root } from './lib/run.mjs';
import { main, step } from './lib/say.mjs';

/** Bundles one module of src/ and loads it. @param {string} file */
async function load(file) {
  const { outputFiles } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [file],
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0]?.contents ?? []).toString('base64')}`);
}

/** @param {string} name @param {unknown} value */
async function write(name, value) {
  const file = join(root, name);
  const style = await prettier.resolveConfig(file);
  writeFileSync(file, await prettier.format(JSON.stringify(value, undefined, 2), { ...style, filepath: file }));
}

async function generate() {
  const { settingsSchema } = await load('src/training/settings-schema.ts');
  await write('media/finetune.schema.json', settingsSchema());
  const { ruleSetting } = await load('src/workbench/rule-settings.ts');
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  manifest.contributes.configuration.properties['fine-tune.rules'] = ruleSetting();
  await write('package.json', manifest);
}

await main(() => step('Writing media/finetune.schema.json and the setting fine-tune.rules', generate));
