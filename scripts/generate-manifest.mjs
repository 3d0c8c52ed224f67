// Writes what derives from the code: media/finetune.schema.json from the table of settings; docs/preflight.md from that of
// the preflight; from the rules the settings fine-tune.rules and fine-tune.ruleOverrides in package.json, docs/rules.md,
// and the table in the README. Unit tests fail when they differ.
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

/** @param {string} name @param {string} text */
async function write(name, text) {
  const file = join(root, name);
  const style = await prettier.resolveConfig(file);
  writeFileSync(file, await prettier.format(text, { ...style, filepath: file }));
}

/** @param {string} name @param {unknown} value */
const writeJson = (name, value) => write(name, JSON.stringify(value, undefined, 2));

async function generate() {
  const { settingsSchema } = await load('src/training/settings-schema.ts');
  await writeJson('media/finetune.schema.json', settingsSchema());
  const { ruleSetting, ruleOverridesSetting } = await load('src/workbench/rule-settings.ts');
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  Object.assign(manifest.contributes.configuration.properties, {
    'fine-tune.rules': ruleSetting(),
    'fine-tune.ruleOverrides': ruleOverridesSetting(),
  });
  await writeJson('package.json', manifest);
  const { rulesPage, rulesTable } = await load('src/dataset-lsp/rule-docs.ts');
  // As it is: prettier would break the records of the examples over several lines.
  writeFileSync(join(root, 'docs/rules.md'), rulesPage());
  const { preflightPage } = await load('src/training/preflight/docs.ts');
  writeFileSync(join(root, 'docs/preflight.md'), preflightPage());
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const between = /(<!-- rules -->\n)[^]*(\n<!-- \/rules -->)/;
  await write(
    'README.md',
    readme.replace(between, (_, before, after) => `${before}\n${rulesTable()}\n${after}`),
  );
}

await main(() => step('Writing the schema, the settings of the rules and their page', generate));
