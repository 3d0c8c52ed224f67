import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkFile } from '../../../src/dataset-lsp/check';
import { openDataFile } from '../../../src/dataset-lsp/check/data-file';
import { LineReader, type OpenFile } from '../../../src/dataset-lsp/check/line-block';
import { NO_LIMITS } from '../../../src/dataset-lsp/check/problem-list';
import { RULES } from '../../../src/dataset-lsp/rules';
import { defaultEncoding } from '../../../src/dataset-lsp/vocabulary';
import { comparable, lintBytes, temporaryFolder } from './support';

let folder: ReturnType<typeof temporaryFolder>;
beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(() => folder.remove());

const good = '{"prompt": "Where is it?", "completion": " It is here."}\n';

describe('a file from the disk is checked as its text in memory', () => {
  it.each(RULES.map(({ meta }) => [meta.id, meta.examples] as const))('examples of %s', async (id, examples) => {
    for (const [i, { text }] of [...examples.valid, ...examples.invalid].entries()) {
      const path = folder.write(`${id}-${i}.jsonl`, text);
      expect(comparable(await checkFile(path))).toEqual(comparable(lintBytes(Buffer.from(text))));
    }
  });

  it.each<readonly [string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['one line end', Buffer.from('\n')],
    ['a byte order mark alone', Buffer.from('\uFEFF')],
    ['a byte order mark', Buffer.from(`\uFEFF${good}{"prompt": 1}\n`)],
    ['CR LF and no line end at the end', Buffer.from(`${good}${good}`.replaceAll('\n', '\r\n').slice(0, -2))],
    ['a lone CR at the end', Buffer.from(`${good}\r`)],
    ['Latin-1', Buffer.from(`${good}${good.replace('here', 'h\u00e9r\u00e9')}\r\n${good}`, 'latin1')],
    ['a half character at a line end', Buffer.concat([Buffer.from('{"text": "\u00e4'), Buffer.from([0xf0, 0x9f, 10])])],
    ['UTF-16', Buffer.from(`\uFEFF${good}`, 'utf16le')],
    ['UTF-16 without a mark', Buffer.from(good.repeat(20), 'utf16le')],
    ['NUL', Buffer.from(`${good}\0\n${good}`)],
    ['a list over several lines', Buffer.from(`[\n${good.trim()},\n${good.trim()}\n]\n`)],
    ['an object over several lines', Buffer.from('\n{\n  "text": "One record."\n}\n')],
    ['a list in one line', Buffer.from(`[${good.trim()}, ${good.trim()}]\n`)],
    ['a broken first line', Buffer.from(`{"prompt": "Where\n${good}`)],
    ['only broken lines', Buffer.from('{\n'.repeat(30))],
    ['an unknown format', Buffer.from('{"question": "Why?", "answer": "So."}\n'.repeat(3))],
  ])('%s', async (name, bytes) => {
    const path = folder.write(`${name}.jsonl`, bytes);
    expect(comparable(await checkFile(path))).toEqual(comparable(lintBytes(bytes)));
  });

  it('with tokens, estimated by the default vocabulary', async () => {
    const path = folder.write('tokens.jsonl', good.repeat(3));
    const checked = await checkFile(path, { tokens: { maxLength: 4 } });
    expect(comparable(checked)).toEqual(
      comparable(lintBytes(Buffer.from(good.repeat(3)), { encode: defaultEncoding(4) })),
    );
    expect(checked.summary).toMatchObject({ tokensEstimated: true, maxTokens: expect.any(Number) });
  });

  const data = fileURLToPath(new URL('../../../../shared/data', import.meta.url));
  it.skipIf(!existsSync(data))(
    'real files (skipped without ../shared/data)',
    async () => {
      let files = 0;
      for (const path of readdirSync(data, { recursive: true, encoding: 'utf8' })) {
        if (!/\.jsonl?$/.test(path)) continue;
        const bytes = readFileSync(join(data, path));
        const parsed: unknown = path.endsWith('.json') ? JSON.parse(bytes.toString()) : undefined;
        const lines = Array.isArray(parsed) ? parsed.map((one) => `${JSON.stringify(one)}\n`).join('') : undefined;
        for (const content of lines === undefined ? [bytes] : [bytes, Buffer.from(lines)]) {
          const copy = folder.write('real.jsonl', content);
          const checked = await checkFile(copy, { limits: NO_LIMITS });
          expect(comparable(checked)).toEqual(comparable(lintBytes(content)));
          files++;
        }
      }
      expect(files).toBeGreaterThan(8);
    },
    120_000,
  );
});

describe('ranges of bytes', () => {
  const open = async (bytes: Buffer): Promise<OpenFile & { close(): void }> =>
    await openDataFile(folder.write('ranges.jsonl', bytes));

  it('share no line and miss none, wherever they end', async () => {
    const text = 'one\n\ntwo, which is longer\r\n\n\nthree\u00e4\n' + 'x'.repeat(70) + '\nlast';
    for (const bytes of [Buffer.from(text), Buffer.from(`\uFEFF${text}\n`), Buffer.from('\n\n'), Buffer.from('a')]) {
      const file = await open(bytes);
      const expected = bytes.subarray(file.begin).toString();
      for (let step = 1; step <= bytes.length + 1; step++) {
        const reader = new LineReader(file);
        let all = '';
        for (let start = file.begin; start < file.size; start += step) {
          const block = reader.read({ start, end: Math.min(file.size, start + step) });
          expect(block.bytes.length === 0 || block.offset === file.begin + Buffer.byteLength(all)).toBe(true);
          all += block.bytes.toString();
        }
        expect([step, all]).toEqual([step, expected]);
      }
      file.close();
    }
  });

  it('hold long lines, which are looked through first', async () => {
    const bytes = Buffer.from(`short\n${'x'.repeat(700_000)}\n${'y'.repeat(900_000)}`);
    const file = await open(bytes);
    for (const longest of [700_001, 900_000]) {
      const reader = new LineReader(file, longest, 1);
      const first = reader.read({ start: 0, end: 10 });
      expect([first.bytes.length, first.overlong]).toEqual([700_007, false]);
      const { bytes: last, overlong } = reader.read({ start: 10, end: file.size });
      expect([last.length, overlong]).toEqual([longest === 900_000 ? 900_000 : 0, longest !== 900_000]);
    }
    file.close();
  });

  it('leave out a line that is too long for a text, and say so once', async () => {
    const file = await open(Buffer.from(`short\n${'x'.repeat(100)}\nlast\n`));
    for (const [step, long] of [
      [1, undefined],
      [7, undefined],
      [30, 1],
      [60, 1],
    ] as const) {
      const reader = new LineReader(file, 50, long);
      const blocks = Array.from({ length: Math.ceil(file.size / step) }, (_, i) => {
        const { bytes, overlong } = reader.read({ start: i * step, end: Math.min(file.size, (i + 1) * step) });
        return { text: bytes.toString(), overlong };
      });
      expect(blocks.filter(({ overlong }) => overlong)).toHaveLength(1);
      expect(blocks.map(({ text }) => text).join('')).toBe('short\nlast\n');
    }
    file.close();
  });
});

describe('many findings', () => {
  it('are all counted and the first of each rule listed', async () => {
    const path = folder.write(
      'many.jsonl',
      `${good}${'{"prompt": "Where?"}\n{"prompt": 1, "completion": " Two."}\n'.repeat(40)}`,
    );
    const rules = { severities: { 'duplicate-example': 'off', 'near-duplicate': 'off' } } as const;
    const all = await checkFile(path, rules);
    const some = await checkFile(path, { ...rules, limits: { perRule: 30, total: 50 } });
    expect(some.summary).toEqual(all.summary);
    expect(some.severityCounts).toEqual(all.severityCounts);
    expect(all.severityCounts.error).toBe(80);
    expect(some.problems).toHaveLength(50);
    expect(some.unlisted).toBe(all.problems.length - 50);
    const first = (rule: string, count: number): unknown =>
      all.problems.filter((one) => one.rule === rule).slice(0, count);
    for (const rule of ['missing-field', 'wrong-type']) {
      const listed = some.problems.filter((one) => one.rule === rule);
      expect(listed).toEqual(first(rule, listed.length));
    }
  });

  it('can be accepted', async () => {
    const path = folder.write('accepted.jsonl', `${good}${good}`);
    const before = await checkFile(path);
    expect(before.summary.issueCounts).toMatchObject({ 'duplicate-example': 1 });
    const after = await checkFile(path, { accepted: { 'duplicate-example': 1 } });
    expect(after.summary.suppressed).toEqual({ 'duplicate-example': 1 });
    expect(after.summary.issueCounts).not.toHaveProperty('duplicate-example');
    expect(after.problems.some(({ rule }) => rule === 'duplicate-example')).toBe(false);
    expect(after.severityCounts.warning).toBe(before.severityCounts.warning - 1);
  });
});

describe('a file', () => {
  it('that is also in the validation data', async () => {
    const validation = folder.write('validation.jsonl', `\n{"prompt": "Other?", "completion": " Other."}\n${good}`);
    const { problems } = await checkFile(folder.write('train.jsonl', good), { validation });
    const leak = problems.find(({ rule }) => rule === 'validation-leak');
    expect(leak).toMatchObject({ line: 1 });
    expect(leak?.message).toContain('line 3');
  });

  it('that becomes shorter or longer meanwhile is a failure', async () => {
    const path = folder.write('changing.jsonl', good.repeat(100));
    const cut = await openDataFile(path);
    truncateSync(path, 50);
    expect(() => new LineReader(cut).read({ start: 0, end: cut.size })).toThrow(/was changed while it was read/);
    cut.close();
    const grown = await openDataFile(path);
    grown.assertUnchanged();
    appendFileSync(path, good);
    expect(() => grown.assertUnchanged()).toThrow(/was changed while it was read/);
    grown.close();
  });

  it('is given up when the caller says so', async () => {
    const path = folder.write('long.jsonl', good.repeat(20_000));
    const controller = new AbortController();
    let calls = 0;
    const checked = checkFile(
      path,
      {},
      {
        signal: controller.signal,
        onProgress: () => {
          if (++calls === 2) controller.abort();
        },
      },
    );
    await expect(checked).rejects.toThrow('aborted');
    expect(controller.signal.aborted).toBe(true);
    expect(calls).toBe(2);
  });

  it.skipIf(process.platform === 'win32')('can be a pipe', async () => {
    const pipe = join(folder.path, 'pipe.jsonl');
    execFileSync('mkfifo', [pipe]);
    const source = folder.write('piped.jsonl', good.repeat(5000));
    const writer = spawn('sh', ['-c', 'cat "$1" > "$2"', 'sh', source, pipe]);
    const { summary, path } = await checkFile(pipe);
    expect([path, summary.totalExamples]).toEqual([pipe, 5000]);
    expect(writer.exitCode ?? 0).toBe(0);
  });
});
