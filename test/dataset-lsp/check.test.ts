import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkFiles, parseSeverities, runCheck } from '../../src/dataset-lsp/check';
import { Failure } from '../../src/common/failure';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'check-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, content: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const check = async (paths: readonly string[], output: 'text' | 'json' = 'json') => {
  let text = '';
  const code = await runCheck(paths, { output, write: (part) => (text += part) });
  return { code, text };
};
const good = '{"prompt": "Where is it?", "completion": " It is here."}\n';

describe('fine-tune check', () => {
  it('gives 0 and the JSON of a clean file', async () => {
    const path = file('good.jsonl', good);
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

  it('gives 1 and a line for each finding', async () => {
    const path = file('bad.jsonl', `${good}{"prompt": "Where?"}\n`);
    const { code, text } = await check([path, file('good.jsonl', good)], 'text');
    expect(code).toBe(1);
    expect(text).toContain(`${path}:2:1  error  The record has no field "completion". Add it.  missing-field\n`);
    expect(text).toContain(`${path}: format completion, 2 records, 1 with errors\n       1  missing-field\n`);
    expect(text).toContain('format completion, 1 record, 0 with errors\n');
    expect(text.trimEnd().split('\n').at(-1)).toBe('1 error, 0 warnings.');
  });

  it('finds what is no UTF-8 in the bytes', async () => {
    const broken = Buffer.from(good.replace('here', 'h\u00e9re'), 'latin1');
    const cases: readonly (readonly [string, Buffer, RegExp])[] = [
      ['latin1', broken, /0xE9/],
      ['utf16', Buffer.from(`\uFEFF${good}`, 'utf16le'), /UTF-16/],
      ['bom', Buffer.from(`\uFEFF${good}`), /byte order mark/],
    ];
    for (const [name, bytes, message] of cases) {
      const { code, text } = await check([file(`${name}.jsonl`, bytes)]);
      expect([name, code]).toEqual([name, 1]);
      const { problems } = (JSON.parse(text) as { files: { problems: { rule: string; message: string }[] }[] })
        .files[0]!;
      expect(problems.map((problem) => problem.rule)).toEqual(['invalid-encoding']);
      expect(problems[0]!.message).toMatch(message);
    }
  });

  it('obeys format and severities', async () => {
    const path = file('short.jsonl', '{"instruction": "Name it", "output": "Green, say."}\n');
    const { files } = await checkFiles([path], { severities: { 'instruction-too-short': 'error' } });
    expect(files[0]!.summary).toMatchObject({ invalidExamples: 1, issueCounts: { 'instruction-too-short': 1 } });
    const forced = await checkFiles([path], { format: 'text' });
    expect(forced.files[0]!.problems.map((problem) => problem.rule)).toEqual(['mixed-formats']);
  });

  it('reports an empty file', async () => {
    const { code, text } = await check([file('empty.jsonl', '')], 'text');
    expect(code).toBe(1);
    expect(text).toContain('The file holds no record.');
  });

  it('ends with code 2 for what cannot be read', async () => {
    const failure = async (path: string): Promise<unknown> => {
      try {
        return await check([path]);
      } catch (error) {
        return error;
      }
    };
    expect(await failure(join(folder, 'missing.jsonl'))).toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('does not exist'),
    });
    expect(await failure(folder)).toMatchObject({ exitCode: 2, message: expect.stringContaining('is a folder') });
  });

  it('reads severities and names the nearest rule', () => {
    expect(parseSeverities(['output-too-short=off', 'empty-output=warning'])).toEqual({
      'output-too-short': 'off',
      'empty-output': 'warning',
    });
    const hint = (pair: string): string => {
      try {
        parseSeverities([pair]);
      } catch (error) {
        if (error instanceof Failure) return `${error.message} ${error.hint}`;
      }
      return '';
    };
    expect(hint('output-to-short=off')).toContain('Did you mean "output-too-short"?');
    expect(hint('output-too-short=loud')).toContain('output-too-short=warning');
    expect(hint('json-syntax=off')).toContain('cannot be lowered');
  });
});
