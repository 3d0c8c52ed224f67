// Long because all of it talks to one server process, which is bundled and started once.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CancellationTokenSource,
  type CodeAction,
  type CodeLens,
  type CompletionItem,
  type Diagnostic,
  type DocumentSymbol,
  type FoldingRange,
  type Hover,
  type InlayHint,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { createRandom } from '../../src/common/random';
import type { Preview } from '../../src/dataset/preview';
import {
  COMPACT_RECORD,
  CONFIGURE,
  FILES_CHANGED,
  FIX_ALL,
  FORMAT_RECORD,
  MOST_DIAGNOSTICS,
  PREVIEW,
  SUMMARY,
  type CompactedRecord,
  type DatasetServerOptions,
  type DatasetSummary,
  type FormattedRecord,
} from '../../src/dataset-lsp/protocol';
import { startServer, type ServerProcess } from './server-process';

const OPTIONS: DatasetServerOptions = {
  rules: { 'output-too-short': 'off', 'too-few-examples': 'off' },
  rulesPage: 'file:///extension/docs/rules.md',
};
let server: ServerProcess;
beforeAll(async () => {
  server = await startServer(OPTIONS);
});
afterAll(() => server.stop());

const good = '{"instruction": "Name a colour.", "output": "Green, for example."}\n';
const request = <R>(method: string, params: unknown): Promise<R> => server.connection.sendRequest<R>(method, params);
const at = (line: number, character: number) => ({ line, character });
const inFile = (uri: string, rest: object = {}) => ({ textDocument: { uri }, ...rest });

/** The text after a code action. */
function applied(text: string, { edit }: CodeAction): string {
  const change = edit!.documentChanges![0]!;
  if (!('edits' in change)) throw new Error('Not an edit of a text.');
  const edits = change.edits.flatMap((one) => ('newText' in one ? [one] : []));
  return TextDocument.applyEdits(TextDocument.create('u', 'jsonl', 1, text), edits);
}

describe('diagnostics', () => {
  it('are published, follow edits, and go when the file is closed', async () => {
    const uri = 'file:///data/train.jsonl';
    await server.open(uri, `${good}{"instruction": "Name a colour.", "output": 3}\n`);
    expect((await server.diagnosticsOf(uri, 1)).diagnostics).toMatchObject([
      {
        range: { start: at(1, 44), end: at(1, 45) },
        severity: 1,
        source: 'fine-tune',
        code: 'wrong-type',
        codeDescription: { href: 'file:///extension/docs/rules.md#wrong-type' },
      },
    ]);
    await server.change(uri, 2, [[1, 44], [1, 45], '"Three, for example."']);
    expect((await server.diagnosticsOf(uri, 2)).diagnostics).toEqual([]);
    await server.connection.sendNotification('textDocument/didClose', inFile(uri));
    await expect.poll(() => server.published.at(-1)).toEqual({ uri, diagnostics: [] });
  });

  it('come once for many quick edits', async () => {
    const uri = 'file:///data/typing.jsonl';
    await server.open(uri, '');
    await server.diagnosticsOf(uri, 1);
    const line = good.trim();
    for (let i = 0; i < line.length; i++) await server.change(uri, i + 2, [[0, i], [0, i], line[i]!]);
    expect((await server.diagnosticsOf(uri, line.length + 1)).diagnostics).toEqual([]);
    expect(server.published.filter((one) => one.uri === uri).length).toBeLessThan(line.length / 2);
  });

  it('are capped, the worst first, and say so', async () => {
    const uri = 'file:///data/many.jsonl';
    const short = Array.from({ length: MOST_DIAGNOSTICS + 4 }, (_, i) => `{"instruction": "N${i}", "output": ""}\n`);
    await server.open(uri, `${good}{"text": "another"}\n${short.join('')}broken\n`);
    const { diagnostics } = await server.settled(uri, 1);
    expect(diagnostics).toHaveLength(MOST_DIAGNOSTICS + 1);
    expect(diagnostics[0]).toMatchObject({ code: 'mixed-formats', severity: 1 });
    expect(diagnostics.slice(0, -1).every(({ severity }) => severity === 1)).toBe(true);
    const rest = diagnostics.at(-1)!;
    expect(rest.message).toMatch(/^\d+ more findings are not shown here\./);
    const summary = await request<DatasetSummary>(SUMMARY, { uri });
    expect(summary).toMatchObject({ examples: MOST_DIAGNOSTICS + 7, errors: MOST_DIAGNOSTICS + 6, state: 'ready' });
    const all = summary.errors + summary.warnings + summary.information;
    expect(Number.parseInt(String(rest.message), 10)).toBeGreaterThanOrEqual(all - MOST_DIAGNOSTICS);
  });

  it('follow new settings, also by glob', async () => {
    const uri = 'file:///work/data/short.jsonl';
    await server.open(uri, '{"instruction": "Name a colour.", "output": "Red"}\n');
    expect((await server.settled(uri, 1)).diagnostics).toEqual([]);
    const configure = async (options: DatasetServerOptions): Promise<readonly Diagnostic[]> => {
      server.published.length = 0;
      await server.connection.sendNotification(CONFIGURE, options);
      return (await server.diagnosticsOf(uri, 1)).diagnostics;
    };
    const rules = { 'output-too-short': 'error', nonsense: 'loud', 'too-few-examples': 'off' };
    expect(await configure({ rules })).toMatchObject([{ code: 'output-too-short', severity: 1 }]);
    const ruleOverrides = [{ files: 'data/*.jsonl', rules: { 'output-too-short': 'hint' } }];
    expect(await configure({ rules, ruleOverrides, folders: ['file:///work'] })).toMatchObject([{ severity: 4 }]);
    expect(await configure(OPTIONS)).toEqual([]);
  });

  it('leave logs of runs and other languages alone', async () => {
    await server.open('file:///w/.finetune/runs/a/events.jsonl', '{"v": 1}\n');
    await server.open('file:///w/data.json', '{"v": 1}\n', 'json');
    await server.open('file:///w/other.jsonl', '{"level": "info"}\n');
    expect((await server.diagnosticsOf('file:///w/other.jsonl', 1)).diagnostics).toMatchObject([
      { code: 'unknown-format', severity: 2 },
    ]);
    expect(server.published.some(({ uri }) => uri.includes('events') || uri.endsWith('.json'))).toBe(false);
  });

  it('stand where the editor has the text, whatever its line ends', async () => {
    const uri = 'file:///data/ends.jsonl';
    // The lone carriage return is a line end to the editor only; JSON takes it for white space.
    await server.open(uri, `${good.trim()}\r\n{"instruction": "Name a colour.",\r"output": 3}\r\n`);
    expect((await server.settled(uri, 1)).diagnostics).toMatchObject([
      { code: 'wrong-type', range: { start: at(2, 10), end: at(2, 11) } },
    ]);
  });

  it('read finetune.json, the validation file and the accepted findings of a trusted folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lsp-folder-'));
    const record = (n: number): string =>
      `{"instruction": "What comes after the number ${n}?", "output": "The number ${n + 1} comes after it."}\n`;
    writeFileSync(join(folder, 'validation.jsonl'), record(100) + record(3));
    const text = [1, 2, 3, 4].map(record).join('');
    const uri = pathToFileURL(join(folder, 'train.jsonl')).href;
    const training = [
      {
        folder: pathToFileURL(folder).href,
        trainFile: uri,
        validationFile: pathToFileURL(join(folder, 'validation.jsonl')).href,
        maxLength: 12,
      },
    ];
    await server.connection.sendNotification(CONFIGURE, { ...OPTIONS, training });
    await server.open(uri, text);
    await server.settled(uri, 1);
    const codes = () => server.published.findLast((one) => one.uri === uri)!.diagnostics.map(({ code }) => code);
    await expect.poll(codes).toContain('validation-leak');
    expect((await request<DatasetSummary>(SUMMARY, { uri })).tokens!.lost).toBeGreaterThan(0);
    mkdirSync(join(folder, '.finetune'));
    writeFileSync(
      join(folder, '.finetune', 'suppressions.json'),
      JSON.stringify({ 'train.jsonl': { 'validation-leak': 1 } }),
    );
    await server.connection.sendNotification(FILES_CHANGED);
    await expect.poll(async () => (await request<DatasetSummary>(SUMMARY, { uri })).suppressed).toBe(1);
    expect(codes()).not.toContain('validation-leak');
    await server.connection.sendNotification(CONFIGURE, OPTIONS);
    rmSync(folder, { recursive: true });
  });
});

describe('features', () => {
  const uri = 'file:///data/features.jsonl';
  const lines = [
    '{"messages": [{"role": "user", "content": "What is the capital of France?"}, {"role": "assistant", "content": "Paris."}]}',
    '{"messages": [{"role": "human", "content": "And the capital of Spain?"}, {"role": "assistant", "content": "Madrid."}]}',
    '',
    '{"messages": [{"role": "user", "content": "Say it ag',
    '{"messages": [{"role": "user", "content": "What is the capital of Italy?"}, {"role": "assistant", "content": "Rome."}]}',
  ];
  const text = `${lines.join('\n')}\n`;
  beforeAll(async () => {
    await server.open(uri, text);
    await server.settled(uri, 1);
  });

  it('announces them all', () => {
    expect(server.initialized.capabilities).toMatchObject({
      codeLensProvider: {},
      hoverProvider: true,
      inlayHintProvider: true,
      documentSymbolProvider: true,
      foldingRangeProvider: true,
    });
  });

  it('fixes a finding, all of a record and all of a file', async () => {
    const role = lines[1]!.indexOf('"human"');
    const range = { start: at(1, role + 1), end: at(1, role + 1) };
    const diagnostics = (await server.settled(uri, 1)).diagnostics.filter((one) => one.range.start.line === 1);
    const actions = await request<CodeAction[]>(
      'textDocument/codeAction',
      inFile(uri, { range, context: { diagnostics } }),
    );
    const rename = actions.find(({ title }) => title.includes('"user"'))!;
    expect(rename).toMatchObject({ kind: 'quickfix', isPreferred: true, diagnostics: [{ code: 'unknown-role' }] });
    expect(rename.edit!.documentChanges).toMatchObject([{ textDocument: { uri, version: 1 } }]);
    expect(applied(text, rename)).toBe(text.replace('human', 'user'));
    const all = actions.find(({ kind }) => kind === FIX_ALL)!;
    expect(all.edit).toBeUndefined();
    const resolved = await request<CodeAction>('codeAction/resolve', all);
    const fixed = applied(text, resolved).split('\n');
    expect(fixed[1]).toBe(lines[1]!.replace('human', 'user'));
    // The blank line is gone, everything else is as it was.
    expect(fixed).toEqual([lines[0], fixed[1], lines[3], lines[4], '']);
  });

  it('renames keys that no format has in every record that has them', async () => {
    const other = 'file:///work/questions.jsonl';
    const text =
      '{"question": "Which colour?", "answer": "Green."}\n{"note": 1}\n{"answer": "Two.", "question": "How many?"}\n';
    await server.open(other, text);
    await server.settled(other, 1);
    const range = { start: at(0, 0), end: at(0, 0) };
    const actions = await request<CodeAction[]>(
      'textDocument/codeAction',
      inFile(other, { range, context: { diagnostics: [] } }),
    );
    const rename = actions.find(({ title }) => title.includes('in all records'))!;
    expect(applied(text, rename)).toBe(
      '{"prompt": "Which colour?", "completion": "Green."}\n{"note": 1}\n{"completion": "Two.", "prompt": "How many?"}\n',
    );
  });

  it('offers to change what may be changed of a rule', async () => {
    const range = { start: at(2, 0), end: at(2, 0) };
    const actions = await request<CodeAction[]>(
      'textDocument/codeAction',
      inFile(uri, { range, context: { diagnostics: [], only: ['quickfix'] } }),
    );
    expect(actions.map(({ command }) => command?.arguments)).toEqual(
      expect.arrayContaining([
        ['blank-line', uri, 'off'],
        ['blank-line', uri],
      ]),
    );
    expect(actions.every(({ kind }) => kind === 'quickfix')).toBe(true);
    const only = { diagnostics: [], only: ['source.fixAll'] };
    const sources = await request<CodeAction[]>('textDocument/codeAction', inFile(uri, { range, context: only }));
    expect(sources.map(({ kind }) => kind)).toEqual([FIX_ALL]);
  });

  it('tells about a record on hover', async () => {
    const position = at(0, lines[0]!.indexOf('Paris'));
    const hover = await request<Hover>('textDocument/hover', inFile(uri, { position }));
    const { value } = hover.contents as { value: string };
    expect(value).toContain('**Record 1 of 4** · chat · 2 turns');
    expect(value).toContain('Turn 2 of 2: assistant, trained, 6 characters.');
    expect(value).toMatch(/About \d+ tokens, \d+ of them trained \(\d+ %\)\./);
    expect(lines[0]!.slice(hover.range!.start.character, hover.range!.end.character)).toBe(
      '{"role": "assistant", "content": "Paris."}',
    );
    expect(await request('textDocument/hover', inFile(uri, { position: at(2, 0) }))).toBeNull();
    const broken = await request<Hover>('textDocument/hover', inFile(uri, { position: at(3, 10) }));
    expect(broken.contents).toMatchObject({ value: '**Record 3 of 4** · chat' });
  });

  it('sums up above the first line and in the summary', async () => {
    const summary = await request<DatasetSummary>(SUMMARY, { uri });
    expect(summary).toMatchObject({
      uri,
      version: 1,
      state: 'ready',
      format: 'chat',
      examples: 4,
      invalid: 2,
      errors: 2,
    });
    expect(summary.tokens).toMatchObject({ estimate: true, lost: 0 });
    const [lens, train, preview] = await request<CodeLens[]>('textDocument/codeLens', inFile(uri));
    expect(lens!.command!.title).toMatch(
      /^4 examples · 2 errors · \d+ warnings? · about \d+ tokens \(\d+ % trained\)$/,
    );
    expect(train!.command).toMatchObject({ title: 'Train', command: 'fine-tune.train', arguments: [uri] });
    expect(preview!.command).toMatchObject({ title: 'Preview', command: 'fine-tune.previewExample', arguments: [uri] });
    await expect.poll(() => server.asked).toContain('workspace/codeLens/refresh');
    await expect.poll(() => server.asked).toContain('workspace/inlayHint/refresh');
  });

  it('writes the number of tokens behind each record', async () => {
    const range = { start: at(0, 0), end: at(99, 0) };
    const hints = await request<InlayHint[]>('textDocument/inlayHint', inFile(uri, { range }));
    expect(hints.map(({ position }) => position)).toEqual([at(0, lines[0]!.length), at(4, lines[4]!.length)]);
    expect(hints[0]!.label).toMatch(/^about \d+ tokens$/);
    await server.connection.sendNotification(CONFIGURE, { ...OPTIONS, inlayHints: false });
    expect(await request('textDocument/inlayHint', inFile(uri, { range }))).toEqual([]);
    await server.connection.sendNotification(CONFIGURE, OPTIONS);
  });

  it('outlines the records with their turns', async () => {
    const symbols = await request<DocumentSymbol[]>('textDocument/documentSymbol', inFile(uri));
    expect(symbols.map(({ name, children }) => [name, children?.map((child) => child.name)])).toEqual([
      ['What is the capital of France?', ['What is the capital of France?', 'Paris.']],
      [expect.stringContaining('{"messages"'), undefined],
      [expect.stringContaining('{"messages"'), undefined],
      ['What is the capital of Italy?', ['What is the capital of Italy?', 'Rome.']],
    ]);
    expect(symbols[3]!.range).toEqual({ start: at(4, 0), end: at(4, lines[4]!.length) });
  });

  it('folds runs of records without a finding', async () => {
    const folded = 'file:///data/folded.jsonl';
    const record = (n: number) =>
      good.replace('a colour', `the colour number ${n}`).replace('Green', `Shade ${n * 77}`);
    const records = Array.from({ length: 12 }, (_, n) => record(n));
    records[5] = 'broken\n';
    await server.open(folded, records.join(''));
    const found = (await server.settled(folded, 1)).diagnostics.filter(({ severity }) => severity! < 4);
    const ranges = await request<FoldingRange[]>('textDocument/foldingRange', inFile(folded));
    const hidden = ranges.flatMap(({ startLine, endLine }) =>
      Array.from({ length: endLine - startLine + 1 }, (_, i) => startLine + i),
    );
    expect(hidden).not.toContain(5);
    for (const { range } of found) expect(hidden).not.toContain(range.start.line);
    expect(hidden.length).toBeGreaterThanOrEqual(8);
  });

  it('completes keys, roles and whole records, in broken lines, too', async () => {
    const complete = async (line: string): Promise<readonly CompletionItem[]> => {
      const file = `file:///data/complete-${Math.abs(hash(line))}.jsonl`;
      await server.open(file, `${lines[0]!}\n${line.replace('|', '')}\n`);
      const position = at(1, line.indexOf('|'));
      return request<CompletionItem[]>('textDocument/completion', inFile(file, { position }));
    };
    const labels = async (line: string): Promise<string[]> => (await complete(line)).map(({ label }) => label);
    expect(await labels('{"messages": [{"role": "|')).toEqual(
      expect.arrayContaining(['system', 'user', 'assistant', 'tool']),
    );
    expect(await labels('{"messages": [{"role": |}]}')).toContain('assistant');
    const keys = await labels('{"messages": [{"role": "user", |}]}');
    expect(keys).toContain('content');
    expect(keys).not.toContain('role');
    expect(await labels('{"messages": [{"role": "user", "content": "some |text"}]}')).toEqual([]);
    expect(await labels('{|')).toEqual(expect.arrayContaining(['messages', 'tools']));
    expect(await labels('|')).toEqual(['chat record']);
    const [item] = await complete('{"messages": [{"ro|": "user"}]}');
    expect(item!.textEdit).toMatchObject({ newText: '"role"', range: { start: at(1, 15), end: at(1, 19) } });
  });

  it('formats a record over several lines and back', async () => {
    const formatted = (await request<FormattedRecord>(FORMAT_RECORD, { uri, line: 0 }))!;
    expect(formatted.text).toBe(JSON.stringify(JSON.parse(lines[0]!), null, 2));
    expect(formatted).toMatchObject({ version: 1, source: lines[0] });
    const back = await request<CompactedRecord>(COMPACT_RECORD, { text: formatted.text, like: formatted.source });
    expect(back).toEqual({ text: lines[0] });
    const broken = await request<CompactedRecord>(COMPACT_RECORD, { text: '{\n  "a": 1,\n}', like: '{}' });
    expect(broken).toMatchObject({ problem: expect.stringMatching(/\.$/), offset: 10 });
  });

  it('shows a record as the model will see it', async () => {
    const preview = (await request<Preview>(PREVIEW, { uri, line: 4 }))!;
    expect(preview).toMatchObject({ line: 5, format: 'chat', estimate: true, problem: null });
    const trained = preview.texts[0]!.tokens.filter(({ kind }) => kind === 'trained').map(({ text: shown }) => shown);
    expect(trained.join('')).toContain('Rome.');
    expect(await request<Preview>(PREVIEW, { uri, line: 3 })).toMatchObject({ problem: { hint: 'Correct the line.' } });
    expect(await request(PREVIEW, { uri: 'file:///not/open.jsonl', line: 0 })).toBeNull();
  });

  it('answers from the state after an edit, without waiting for its findings', async () => {
    await server.change(uri, 2, [[0, 0], [0, 0], 'x']);
    const [symbols, hover] = await Promise.all([
      request<DocumentSymbol[]>('textDocument/documentSymbol', inFile(uri)),
      request<Hover>('textDocument/hover', inFile(uri, { position: at(0, 3) })),
    ]);
    expect(symbols[0]!.name).toContain('x{"messages"');
    expect(hover.contents).toMatchObject({ value: '**Record 1 of 4** · chat' });
    await server.change(uri, 3, [[0, 0], [0, 1], '']);
    await server.settled(uri, 3);
  });
});

describe('large files', () => {
  const uri = 'file:///data/large.jsonl';
  const random = createRandom(1);
  const words = Array.from({ length: 3000 }, (_, i) => `w${(i * 7919).toString(36)}`);
  const said = (): string => Array.from({ length: 90 }, () => words[random.integer(words.length)]!).join(' ');
  const record = (): string =>
    `{"messages": [{"role": "user", "content": "What of ${said()}?"}, {"role": "assistant", "content": "This: ${said()}."}]}\n`;

  it('never keep a small request waiting, and drop answers of an older text', async () => {
    const records = Array.from({ length: 1800 }, record);
    await server.open(uri, [...records, ...records.slice(0, 200)].join(''));
    const waits: number[] = [];
    const isReady = () => server.summaries.some((one) => one.uri === uri && one.state === 'ready');
    while (!isReady()) {
      const started = performance.now();
      await request(FORMAT_RECORD, { uri, line: 0 });
      waits.push(performance.now() - started);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    // Work goes on between the answers: none waits for a whole stage of it.
    const total = waits.reduce((sum, wait) => sum + wait, 0);
    expect(waits.length).toBeGreaterThan(5);
    expect(Math.max(...waits)).toBeLessThan(total / 2);

    // Edits come faster than all records can be compared; only the last one's comparison may be published.
    for (let version = 2; version <= 12; version++) {
      await server.change(uri, version, [[0, 0], [1, 0], '']);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { diagnostics } = await server.settled(uri, 12);
    const duplicates = diagnostics
      .filter(({ code }) => code === 'duplicate-example')
      .map(({ range }) => range.start.line);
    // Eleven records are gone from the top, so 189 of the 200 copies still have their first, as many lines further up.
    expect(duplicates).toEqual(Array.from({ length: 189 }, (_, i) => 1800 + i));
    const versions = server.published.filter((one) => one.uri === uri).map(({ version }) => version!);
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
  }, 60_000);

  it('are outlined up to a limit, and cancelled requests end', async () => {
    const huge = 'file:///data/huge.jsonl';
    await server.open(huge, Array.from({ length: 6000 }, (_, n) => good.replace('colour', `colour of ${n}`)).join(''));
    const source = new CancellationTokenSource();
    const symbols = server.connection.sendRequest<DocumentSymbol[]>(
      'textDocument/documentSymbol',
      inFile(huge),
      source.token,
    );
    source.cancel();
    await expect(symbols).rejects.toMatchObject({ code: -32800 });
    const outline = await request<DocumentSymbol[]>('textDocument/documentSymbol', inFile(huge));
    expect(outline).toHaveLength(5001);
    expect(outline.at(-1)!.name).toBe('… 1,000 more lines');
  }, 60_000);
});

function hash(text: string): number {
  let value = 0;
  for (const char of text) value = (value * 31 + char.charCodeAt(0)) | 0;
  return value;
}
