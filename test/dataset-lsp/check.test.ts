import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../src/common/failure';
import { parseRuleFlags, runCheck, type CheckedFile, type RunCheckOptions } from '../../src/dataset-lsp/check';
import { fixFile } from '../../src/dataset-lsp/check/fix-file';
import { fixText } from '../../src/dataset-lsp/fix-text';
import { RULES } from '../../src/dataset-lsp/rules';
import { temporaryFolder } from './check/support';

let folder: ReturnType<typeof temporaryFolder>;
beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(() => folder.remove());

const QUIET = { 'too-few-examples': 'off', 'duplicate-example': 'off', 'near-duplicate': 'off' } as const;
const check = async (paths: readonly string[], options: Partial<RunCheckOptions> = {}) => {
  let text = '';
  const notes: string[] = [];
  const code = await runCheck(paths, {
    output: 'json',
    version: '1.2.3',
    severities: QUIET,
    write: (part) => (text += part),
    note: (line) => notes.push(line),
    ...options,
  });
  return { code, text, notes };
};
const filesOf = (json: string): readonly CheckedFile[] => (JSON.parse(json) as { files: CheckedFile[] }).files;
const good = '{"prompt": "Where is it?", "completion": " It is here."}\n';

describe('fine-tune check', () => {
  it('gives 0 and the JSON of a clean file', async () => {
    const path = folder.write('good.jsonl', good);
    const { code, text } = await check([path]);
    expect(code).toBe(0);
    expect(JSON.parse(text)).toEqual({
      files: [
        {
          path,
          format: 'completion',
          summary: { totalExamples: 1, validExamples: 1, invalidExamples: 0, issueCounts: {} },
          problems: [],
        },
      ],
    });
  });

  it('gives 1, the verdict first, and a line for each finding', async () => {
    const path = folder.write('bad.jsonl', `${good}{"prompt": "Where?"}\n`);
    const other = folder.write('good.jsonl', good);
    const { code, text } = await check([path, other], { output: 'text' });
    expect(code).toBe(1);
    const lines = text.split('\n');
    expect(lines[0]).toBe(`${path}: 1 error, 0 warnings.`);
    expect(lines[1]).toBe('  format completion · 2 records, 1 with errors');
    expect(lines[3]).toMatch(/^ {2}1 {2}error {2}missing-field {2}\S/);
    expect(text).toContain(`\n${path}:2:1  error  The record has no field "completion". Add it.  missing-field\n`);
    expect(text).toContain(`\n${other}: No findings.\n  format completion · 1 record, 0 with errors\n`);
    expect(text.trimEnd().split('\n').at(-1)).toBe('1 error, 0 warnings.');
  });

  it('shows some findings of each rule when there are many', async () => {
    const path = folder.write(
      'many.jsonl',
      good + '{"prompt": "Where?"}\n'.repeat(1500) + '{"prompt": 7, "completion": " 8."}\n',
    );
    const { code, text } = await check([path], { output: 'text' });
    expect(code).toBe(1);
    expect(text.split('\n')[0]).toBe(`${path}: 1,501 errors, 0 warnings.`);
    expect(text).toMatch(/\n {2}1,500 {2}error {2}missing-field .*\n {6}1 {2}error {2}wrong-type /);
    expect(text).toContain('\n  … and 1,400 more findings of this rule.\n');
    expect(text).toMatch(/:1502:\d+ {2}error {2}.* wrong-type\n/);
    expect(text.split('\n').length).toBeLessThan(220);
    const { text: json } = await check([path]);
    expect(filesOf(json)[0]).toMatchObject({ unlisted: 500, summary: { issueCounts: { 'missing-field': 1500 } } });
  });

  it('finds what is no UTF-8 in the bytes', async () => {
    const broken = Buffer.from(good.replace('here', 'h\u00e9re'), 'latin1');
    const cases: readonly (readonly [string, Buffer, RegExp])[] = [
      ['latin1', broken, /0xE9/],
      ['utf16', Buffer.from(`\uFEFF${good}`, 'utf16le'), /UTF-16/],
      ['bom', Buffer.from(`\uFEFF${good}`), /byte order mark/],
    ];
    for (const [name, bytes, message] of cases) {
      const { code, text } = await check([folder.write(`${name}.jsonl`, bytes)], {
        severities: { ...QUIET, mojibake: 'off' },
      });
      expect([name, code]).toEqual([name, 1]);
      const { problems } = filesOf(text)[0]!;
      expect(problems.map((problem) => problem.rule)).toEqual(['invalid-encoding']);
      expect(problems[0]!.message).toMatch(message);
    }
  });

  it('obeys format, severities and target', async () => {
    const path = folder.write('short.jsonl', '{"instruction": "Name it", "output": "Green, say."}\n');
    const raised = await check([path], { severities: { ...QUIET, 'instruction-too-short': 'error' } });
    expect(filesOf(raised.text)[0]!.summary).toMatchObject({
      invalidExamples: 1,
      issueCounts: { 'instruction-too-short': 1 },
    });
    const forced = await check([path], { format: 'text' });
    expect(filesOf(forced.text)[0]!.problems.map((problem) => problem.rule)).toEqual(['mixed-formats']);
    const openai = await check([path], { target: 'openai' });
    expect(filesOf(openai.text)[0]!.summary.issueCounts).toHaveProperty('target-openai');
  });

  it('reports an empty file', async () => {
    const { code, text } = await check([folder.write('empty.jsonl', '')], { output: 'text' });
    expect(code).toBe(1);
    expect(text).toContain('The file holds no record.');
  });

  it('accepts findings when asked to', async () => {
    const path = folder.write('accept.jsonl', '{"instruction": "Name it", "output": "Green, say."}\n');
    const { notes } = await check([path], { accept: true });
    expect(notes).toEqual([expect.stringContaining('suppressions.json')]);
    const { text } = await check([path]);
    expect(filesOf(text)[0]!.summary).toMatchObject({ issueCounts: {}, suppressed: { 'instruction-too-short': 1 } });
  });

  it('ends with code 2 for what cannot be read', async () => {
    const failure = async (path: string): Promise<unknown> => await check([path]).catch((error: unknown) => error);
    expect(await failure(join(folder.path, 'missing.jsonl'))).toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('does not exist'),
    });
    expect(await failure(folder.path)).toMatchObject({ exitCode: 2, message: expect.stringContaining('is a folder') });
  });
});

describe('the SARIF report', () => {
  interface Log {
    readonly version: string;
    readonly runs: readonly {
      readonly tool: {
        readonly driver: { readonly version: string; readonly rules: readonly { readonly id: string }[] };
      };
      readonly results: readonly {
        readonly ruleId: string;
        readonly ruleIndex: number;
        readonly level: string;
        readonly locations: readonly { readonly physicalLocation: { readonly region: unknown } }[];
        readonly partialFingerprints: Readonly<Record<string, string>>;
        readonly relatedLocations?: readonly unknown[];
      }[];
    }[];
  }
  const log = async (content: string): Promise<Log> =>
    JSON.parse((await check([folder.write('sarif.jsonl', content)], { output: 'sarif', severities: {} })).text) as Log;

  it('has rules, places, levels and related places', async () => {
    const { version, runs } = await log(`${good}{"prompt": "Where?"}\n${good}`);
    expect(version).toBe('2.1.0');
    const { tool, results } = runs[0]!;
    expect(tool.driver.version).toBe('1.2.3');
    expect(tool.driver.rules).toHaveLength(RULES.length);
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex]!.id).toBe(ruleId);
    const missing = results.find(({ ruleId }) => ruleId === 'missing-field');
    expect(missing).toMatchObject({
      level: 'error',
      locations: [{ physicalLocation: { region: { startLine: 2, startColumn: 1, endLine: 2 } } }],
    });
    expect(results.find(({ ruleId }) => ruleId === 'too-few-examples')?.level).toBe('note');
    expect(results.find(({ ruleId }) => ruleId === 'duplicate-example')?.relatedLocations).toHaveLength(1);
  });

  it('knows a finding again when its line has moved', async () => {
    const bad = '{"prompt": "Where?"}\n';
    const prints = (found: Log): unknown[] =>
      found.runs[0]!.results.filter(({ ruleId }) => ruleId === 'missing-field').map((one) => one.partialFingerprints);
    const before = prints(await log(`${good}${bad}${bad}{"prompt": "Who?"}\n`));
    const after = prints(
      await log(`${good}{"prompt": "When?", "completion": " Now, then."}\n{"prompt": "Who?"}\n${bad}${bad}`),
    );
    expect(new Set(before.map((one) => JSON.stringify(one))).size).toBe(3);
    expect(new Set(after.map((one) => JSON.stringify(one)))).toEqual(new Set(before.map((one) => JSON.stringify(one))));
  });
});

describe('--fix', () => {
  let path: string;
  const bad =
    '{"messages": [{"role": "human", "content": "Hello there."}, {"role": "assistant", "content": "Good day to you."}]}';
  beforeEach(() => {
    path = folder.write('fix.jsonl', `${good}`);
  });

  it.each(RULES.map(({ meta }) => [meta.id, meta.examples.invalid] as const))(
    'does to a file what is done to its text: %s',
    async (_, examples) => {
      for (const { text } of examples) {
        folder.write('fix.jsonl', text);
        const counts = await fixFile(path);
        const expected = fixText(text);
        expect(readFileSync(path, 'utf8')).toBe(expected.text);
        expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(expected.applied.length);
      }
    },
  );

  it('keeps permissions, line ends, links and what is no UTF-8', async () => {
    const latin1 = Buffer.from('{"messages": "h\u00e9"}\r\n', 'latin1');
    folder.write('fix.jsonl', Buffer.concat([Buffer.from(`${bad}\r\n`), latin1, Buffer.from(bad)]));
    if (process.platform !== 'win32') chmodSync(path, 0o640);
    const link = join(folder.path, 'link.jsonl');
    if (!existsSync(link)) symlinkSync(path, link);
    const { notes } = await check([link], { fix: true });
    expect(notes).toEqual([`${link}: 2 safe fixes (2 unknown-role).`]);
    const fixed = bad.replace('human', 'user');
    expect(readFileSync(path)).toEqual(Buffer.concat([Buffer.from(`${fixed}\r\n`), latin1, Buffer.from(fixed)]));
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder.path).filter((name) => name.includes('.fix-'))).toEqual([]);
  });

  it('does not touch a file when there is nothing to fix', async () => {
    utimesSync(path, 1000, 1000);
    const { ino } = statSync(path);
    expect((await check([path], { fix: true })).notes).toEqual([`${path}: nothing to fix.`]);
    expect(statSync(path)).toMatchObject({ ino, mtimeMs: 1_000_000 });
  });
});

describe('--rule', () => {
  it('reads severities and options', () => {
    const pairs = ['output-too-short=off', 'empty-output=warning', 'output-too-short.minimum=3'];
    const option = Object.keys(RULES.find(({ meta }) => meta.id === 'output-too-short')!.meta.options)[0]!;
    expect(parseRuleFlags([...pairs.slice(0, 2), `output-too-short.${option}=3`])).toEqual({
      severities: { 'output-too-short': 'off', 'empty-output': 'warning' },
      ruleOptions: { 'output-too-short': { [option]: 3 } },
    });
    expect(parseRuleFlags(['unknown-key.allowed=a, b']).ruleOptions).toEqual({
      'unknown-key': { allowed: ['a', 'b'] },
    });
  });

  it.each([
    ['output-to-short=off', 'Did you mean "output-too-short"?'],
    ['output-too-short=loud', 'output-too-short=warning'],
    ['json-syntax=off', 'cannot be lowered'],
    ['output-too-short.lenght=3', 'has no option "lenght"'],
    ['near-duplicate.similarity=x', 'must be a number'],
  ])('refuses %s', (pair, words) => {
    try {
      parseRuleFlags([pair]);
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      expect(`${error.message} ${error.hint}`).toContain(words);
      expect(error.exitCode).toBe(2);
    }
  });
});
