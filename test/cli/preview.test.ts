import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cellsOf } from '../../src/cli/cells';
import { main } from '../../src/cli/main';
import { previewLines } from '../../src/cli/preview-view';
import { readRecord } from '../../src/cli/read-record';
import type { Terminal } from '../../src/cli/terminal';
import type { Preview } from '../../src/dataset/preview';
import { countTokens, kindOf, type PreviewToken } from '../../src/dataset/preview-tokens';

const SAMPLE = join(import.meta.dirname, '../../media/sample');
let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'preview-'))));
afterAll(() => rmSync(folder, { recursive: true }));

const write = (content: string | Uint8Array): string => {
  const path = join(folder, 'data.jsonl');
  writeFileSync(path, content);
  return path;
};
const run = async (...args: string[]): Promise<{ code: number; out: string; err: string }> => {
  let [out, err] = ['', ''];
  const terminal: Terminal = {
    out: (text) => void (out += `${text}\n`),
    err: (text) => void (err += text),
    live: false,
    color: false,
    colorOut: false,
    unicode: true,
    columns: () => 80,
    cwd: SAMPLE,
  };
  return {
    code: await main(['preview', ...args], terminal, { trainerPath: '', checkWorkerPath: '', samplePath: '' }),
    out,
    err,
  };
};

describe('fine-tune preview', () => {
  it('shows every token of the record with the model that is named', async () => {
    const { code, out } = await run('train.jsonl', '--line', '3', '--model', 'base', '--max-length', '60');
    expect(code).toBe(0);
    expect(out).toContain("train.jsonl, line 3\nformat chat, model base, the model's own template, maximum length 60");
    expect(out).not.toContain('about');
    expect(out).toMatch(
      /156 tokens, 6 of them special\n +0 {2}╘═ {2}trained {2}counted in the loss\n +60 {2}╵ {3}masked/,
    );
    expect(out).toMatch(/╌ maximum length: 60 tokens ╌/);
    expect(out).toMatch(/assistant {2}0 of \d+ trained, \d+ cut off\n {2}<\|im_start\|>assistant↵\n {2}×╌/);
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('counts about right without a model, and takes another template', async () => {
    const { code, out } = await run('train.jsonl', '--line', '3', '--template', 'alpaca');
    expect(code).toBe(0);
    expect(out).toMatch(/default vocabulary, so the\s+numbers are about right/);
    expect(out).toMatch(/about \d+ tokens/);
    expect(out).toContain('template alpaca');
    expect(out).toContain('###·Instruction:↵');
  });

  it('shows the bytes of characters that are spread over several tokens', async () => {
    const { out } = await run(write('{"text": "naïve 🦄🏽"}\n'), '--line', '1');
    expect(out).toContain('  naïve·⟨F0 9F⟩⟨A6⟩⟨84⟩🦄⟨F0 9F 8F⟩⟨BD⟩🏽<|endoftext|>');
  });

  it('prints the same as one JSON object', async () => {
    const { code, out } = await run('train.jsonl', '--line', '3', '--model', 'base', '--format', 'json');
    const preview = JSON.parse(out) as Preview;
    expect(code).toBe(0);
    expect(preview).toMatchObject({ line: 3, format: 'chat', template: 'model', maxLength: 1024, problem: null });
    expect(preview.texts[0]!.tokens).toHaveLength(156);
  });

  it.each([
    [['train.jsonl'], /line of the record is missing/],
    [['train.jsonl', '--line', '0'], /--line 0 is not the number of a line/],
    [['train.jsonl', '--line', '801'], /has 800 lines, so there is no line 801[^]*1 to 800/],
    [['none.jsonl', '--line', '1'], /does not exist/],
    [['.', '--line', '1'], /is a folder/],
    [['train.jsonl', '--line', '1', '--template', 'modell'], /auto, model, chatml, alpaca/],
    [['train.jsonl', '--line', '1', '--template', 'model'], /--template model[^]*--model PATH/],
    [['train.jsonl', '--line', '1', '--format', 'xml'], /--format xml is not known/],
    [['train.jsonl', '--line', '1', '--model', 'nowhere'], /nowhere/],
  ])('refuses %j', async (args, message) => {
    const { code, out, err } = await run(...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
  });

  it('says why a record cannot be shown', async () => {
    const path = write('{"messages": [{"role": "user", "content": "Hi"}]}\n\n{"messages": [}\n');
    expect((await run(path, '--line', '2')).err).toContain('line 2: The line is blank');
    const { code, err } = await run(path, '--line', '3');
    expect([code, err]).toEqual([2, expect.stringContaining('not valid JSON')]);
    const json = await run(path, '--line', '3', '--format', 'json');
    expect(json.code).toBe(2);
    expect((JSON.parse(json.out) as Preview).problem?.message).toContain('not valid JSON');
  });
});

describe('reading one record', () => {
  it('knows the format from the first records, and skips what it does not need', async () => {
    // Lines longer than the blocks in which the file is read.
    const long = JSON.stringify({ text: 'x'.repeat(3_000_000) });
    const path = write(`\ufeff{"text": "é"}\r\n\r\n${`{"text": "a"}\n`.repeat(30)}${long}\nlast`);
    const first = await readRecord(path, 1);
    expect(first.source).toBe('{"text": "é"}');
    expect(first.detection).toMatchObject({ kind: 'known', format: { id: 'text' } });
    expect((await readRecord(path, 2)).source).toBe('');
    expect((await readRecord(path, 33)).source).toBe(long);
    expect((await readRecord(path, 34)).source).toBe('last');
    await expect(readRecord(path, 35)).rejects.toThrow(/has 34 lines/);
  });
  it('counts no line behind a last line end, and none in an empty file', async () => {
    await expect(readRecord(write('{}\n'), 2)).rejects.toThrow(/has 1 line,/);
    await expect(readRecord(write(''), 1)).rejects.toThrow(/has no line,/);
  });
  it('shows bytes that are no UTF-8 as they are, and refuses UTF-16', async () => {
    const bytes = Buffer.from('{"text": "caf\u00e9"}\n', 'latin1');
    expect((await readRecord(write(bytes), 1)).source).toBe('{"text": "caf\ufffd"}');
    await expect(readRecord(write(Buffer.from('\ufeff{"text": "a"}\n', 'utf16le')), 1)).rejects.toThrow(/UTF-16/);
  });
});

describe('rows of tokens', () => {
  const token = (text: string, trained = true, kept = true, special = false): PreviewToken => ({
    id: 1,
    text,
    kind: kindOf(trained, kept),
    special,
  });
  const show = (
    tokens: readonly PreviewToken[],
    options: { columns?: number; color?: boolean; unicode?: boolean } = {},
  ) => {
    const counts = countTokens(tokens, 0, tokens.length);
    const preview: Preview = {
      line: 1,
      format: 'text',
      template: null,
      maxLength: tokens.filter((one) => one.kind === 'trained' || one.kind === 'masked').length,
      model: null,
      estimate: false,
      texts: [
        { name: 'record', note: '', tokens, turns: [{ role: 'text', start: 0, end: tokens.length, counts }], counts },
      ],
      problem: null,
    };
    const lines = previewLines(preview, { path: 'a', columns: 80, color: false, unicode: true, ...options });
    return lines.slice(lines.findIndex((line) => /^(\u001b\[1m)?text(\u001b\[22m)? {2}/.test(line)) + 1, -1);
  };

  it('put marks below every character, wide ones included', () => {
    expect(show([token('日本'), token(' a'), token('e\u0301'), token('😀')])).toEqual([
      '  日本·ae\u0301😀',
      '  ╘═══╘═╘╘═',
    ]);
    expect(cellsOf('日e\u0301👍🏽a').map((cell) => cell.width)).toEqual([2, 1, 2, 1]);
  });
  it('keep tokens whole where they fit, and break at line ends', () => {
    const rows = show([token('abcdefghij'), token('klmnopqrstuvw'), token('x\n\ny', false)], { columns: 22 });
    expect(rows).toEqual([
      '  abcdefghij',
      '  ╘═════════',
      '  klmnopqrstuvwx↵',
      '  ╘════════════╵',
      '  ↵',
      '',
      '  y',
      '',
    ]);
  });
  it('mark what is cut off', () => {
    const rows = show([token('ab', false), token('cd', false, false), token('ef', true, false)]);
    expect(rows[0]).toBe('  ab');
    expect(rows[2]).toContain('maximum length: 1 token ');
    expect(rows.slice(3)).toEqual(['  cdef', '  ×╌×═']);
  });
  it('need no Unicode', () => {
    const tokens = [token('a b\t'), token('c\n', false), token('d', true, false)];
    const rows = show(tokens, { unicode: false });
    expect([rows[0], rows[1]]).toEqual(['  a b\\tc\\n', "  +====' "].map((row) => row.trimEnd()));
    expect(rows.at(-1)).toBe('  x');
  });
  it('paint instead where there is colour, in two shades', () => {
    const rows = show([token('a'), token('b'), token('<s>', false, true, true)], { color: true });
    expect(rows).toEqual(['  \u001b[4;34ma\u001b[0m\u001b[4;94mb\u001b[0m\u001b[0;7m<s>\u001b[0m']);
  });
});
