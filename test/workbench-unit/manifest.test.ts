import { readFileSync, readdirSync } from 'node:fs';
import * as path from 'node:path';
import * as prettier from 'prettier';
import { describe, expect, it } from 'vitest';
import { preflightPage } from '../../src/training/preflight/docs';
import { rulesPage, rulesTable } from '../../src/dataset-lsp/rule-docs';
import { RULES } from '../../src/dataset-lsp/rules';
import { ruleOverridesSetting, ruleSetting } from '../../src/workbench/rule-settings';
import { settingsSchema } from '../../src/training/settings-schema';

const root = path.resolve(__dirname, '../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

interface Manifest {
  readonly icon: string;
  readonly main: string;
  readonly activationEvents: readonly string[];
  readonly capabilities: {
    readonly untrustedWorkspaces: { readonly supported: string; readonly restrictedConfigurations: readonly string[] };
    readonly virtualWorkspaces: { readonly supported: string };
  };
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string }[];
    readonly menus: Readonly<Record<string, readonly { readonly command: string }[]>>;
    readonly views: Readonly<Record<string, readonly { readonly id: string; readonly icon: string }[]>>;
    readonly configuration: { readonly properties: Readonly<Record<string, unknown>> };
    readonly jsonValidation: readonly { readonly fileMatch: string; readonly url: string }[];
  };
}
const manifest = JSON.parse(read('package.json')) as Manifest;
const { contributes } = manifest;
const sources = ['src/extension.ts', 'src/dataset-lsp/client.ts', ...filesBelow('src/workbench')].map(read).join('\n');

function filesBelow(folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`],
  );
}

describe('the manifest', () => {
  it("has the settings table's schema for finetune.json (node scripts/generate-manifest.mjs writes it)", () => {
    const [validation] = contributes.jsonValidation;
    expect(validation?.fileMatch).toBe('finetune.json');
    expect(JSON.parse(read(validation?.url ?? ''))).toEqual(settingsSchema());
  });

  it('offers every rule whose severity may be changed (the same script writes it)', () => {
    const setting = contributes.configuration.properties['fine-tune.rules'];
    expect(setting).toEqual(ruleSetting());
    expect(setting).toMatchObject({ properties: { 'output-too-short': { default: 'warning' } } });
    expect(contributes.configuration.properties['fine-tune.ruleOverrides']).toEqual(ruleOverridesSetting());
  });

  it('comes with a page and a table of every rule (the same script writes them)', async () => {
    const style = { ...(await prettier.resolveConfig(path.join(root, 'README.md'))), parser: 'markdown' };
    expect(read('docs/rules.md')).toBe(rulesPage());
    expect(read('docs/preflight.md')).toBe(preflightPage());
    const [, table] = /<!-- rules -->\n([^]*)\n<!-- \/rules -->/.exec(read('README.md')) ?? [];
    expect(table?.trim()).toBe((await prettier.format(rulesTable(), style)).trim());
    for (const { meta } of RULES) expect(table).toContain(`[${meta.id}](docs/rules.md#${meta.id})`);
    expect(RULES.length).toBeGreaterThan(40);
  });

  it('contributes exactly the commands that activate registers', () => {
    const table = /const COMMANDS[^{]*\{(.*?)\n\};/s.exec(read('src/extension.ts'))?.[1] ?? '';
    const registered = [...table.matchAll(/'(fine-tune\.\w+)':/g)].map((match) => match[1]);
    const contributed = contributes.commands.map((command) => command.command);
    expect(registered.length).toBeGreaterThan(0);
    expect([...contributed].sort()).toEqual([...registered].sort());
    for (const { title } of contributes.commands) expect(title).toMatch(/^Fine-tune: /);
    const inMenus = Object.values(contributes.menus).flat();
    for (const { command } of inMenus) expect(contributed).toContain(command);
    const called = [...sources.matchAll(/executeCommand\(\s*'(fine-tune\.\w+)'/g)].map((match) => match[1]);
    expect(called.length).toBeGreaterThan(0);
    for (const command of called) expect(contributed).toContain(command);
  });

  it('declares every setting that is read, and restricts the one that names a program', () => {
    const keys = Object.keys(contributes.configuration.properties);
    const asked = [...sources.matchAll(/\.get<[^;]+?>\('(\w[\w.]*)'/g)].map((match) => `fine-tune.${match[1]}`);
    expect(asked).toEqual(expect.arrayContaining(['fine-tune.nodePath', 'fine-tune.rules']));
    for (const key of asked) expect(keys).toContain(key);
    expect(manifest.capabilities.untrustedWorkspaces).toMatchObject({
      supported: 'limited',
      restrictedConfigurations: ['fine-tune.nodePath'],
    });
    expect(manifest.capabilities.virtualWorkspaces.supported).toBe('limited');
  });

  it('names files that exist', () => {
    const icons = [
      manifest.icon,
      ...Object.values(contributes.views).flatMap((views) => views.map((view) => view.icon)),
    ];
    for (const icon of icons) expect(read(icon).length).toBeGreaterThan(0);
  });
});
