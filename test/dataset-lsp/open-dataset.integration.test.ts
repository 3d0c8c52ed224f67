import { describe, expect, it } from 'vitest';
import type { Diagnostic, TextDocumentContentChangeEvent } from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { createRandom, type Random } from '../../src/common/random';
import { codeActions, fixAllEdits } from '../../src/dataset-lsp/features/code-actions';
import { fixText } from '../../src/dataset-lsp/fix-text';
import { lintText, type LintOptions } from '../../src/dataset-lsp/linter';
import { OpenDataset, type DatasetSettings } from '../../src/dataset-lsp/open-dataset';
import { MOST_DIAGNOSTICS, type DatasetSummary } from '../../src/dataset-lsp/protocol';
import { RULES } from '../../src/dataset-lsp/rules';
import { defaultEncoding } from '../../src/dataset-lsp/vocabulary';

const SETTINGS: DatasetSettings = {
  choice: {},
  format: undefined,
  rulesPage: undefined,
  accepted: undefined,
  model: undefined,
  loadEncode: () => undefined,
};

interface Published {
  readonly version: number;
  readonly diagnostics: readonly Diagnostic[];
}

function openDataset(text: string, settings: Partial<DatasetSettings> = {}) {
  const published: Published[] = [];
  const summaries: DatasetSummary[] = [];
  const failures: unknown[] = [];
  const dataset = new OpenDataset(
    { uri: 'file:///data/train.jsonl', languageId: 'jsonl', version: 1, text },
    { ...SETTINGS, ...settings },
    {
      publish: (version, diagnostics) => published.push({ version, diagnostics }),
      summaryChanged: (summary) => summaries.push(summary),
      tokensChanged: () => undefined,
      failed: (error) => failures.push(error),
    },
  );
  const settled = async (): Promise<Published> => {
    await expect.poll(() => dataset.summary.state, { timeout: 15_000, interval: 5 }).toBe('ready');
    expect(failures).toEqual([]);
    return published.at(-1)!;
  };
  return { dataset, published, summaries, settled };
}

/** What the whole text says, in the form of the editor; of the findings only what a person sees. */
function expected(text: string, options: LintOptions = {}): unknown[] {
  const { problems, summary } = lintText(text, options);
  if (summary.totalExamples === 0) return [];
  return problems.map(({ rule, severity, message, line, column, endColumn }) => ({
    rule,
    severity: rule === 'unknown-format' ? 'warning' : severity,
    message,
    line,
    column,
    endColumn,
  }));
}

const NAMES = ['', 'error', 'warning', 'information', 'hint'];

function seen(diagnostics: readonly Diagnostic[]): unknown[] {
  return diagnostics.map(({ code, severity, message, range }) => ({
    rule: code,
    severity: NAMES[severity!],
    message,
    line: range.start.line + 1,
    column: range.start.character + 1,
    endColumn: range.end.character + 1,
  }));
}

/** Lines of all rules' examples: good ones, broken ones, and some of other formats. */
const LINES = RULES.flatMap(({ meta }) => [...meta.examples.valid, ...meta.examples.invalid])
  .flatMap(({ text }) => text.split('\n'))
  .filter((line) => line.length < 2000 && !line.startsWith('\uFEFF'));

function randomChange(random: Random, text: string): TextDocumentContentChangeEvent {
  const lines = text.split('\n');
  const line = random.integer(lines.length);
  const at = (index: number, character: number) => ({ line: index, character });
  const some = (): string => LINES[random.integer(LINES.length)]!;
  switch (random.integer(6)) {
    case 0: {
      // One key press.
      const character = random.integer(lines[line]!.length + 1);
      const key = '"{}[],: ax\n'[random.integer(11)]!;
      return { range: { start: at(line, character), end: at(line, character) }, text: key };
    }
    case 1: {
      const character = random.integer(lines[line]!.length + 1);
      return { range: { start: at(line, Math.max(0, character - 1)), end: at(line, character) }, text: '' };
    }
    case 2:
      return { range: { start: at(line, 0), end: at(line, 0) }, text: `${some()}\n` };
    case 3:
      return { range: { start: at(line, 0), end: at(line + 1, 0) }, text: '' };
    case 4:
      return { range: { start: at(line, 0), end: at(line, lines[line]!.length) }, text: some() };
    default:
      // A copy of a line: a duplicate.
      return {
        range: { start: at(line, 0), end: at(line, 0) },
        text: `${lines[random.integer(lines.length)]!}\n`,
      };
  }
}

describe('an open dataset', () => {
  it('says after any edits what a check of the whole text says', async () => {
    const check = async (seed: number): Promise<number> => {
      const random = createRandom(seed);
      const text = Array.from({ length: 4 + random.integer(30) }, () => LINES[random.integer(LINES.length)]!).join(
        '\n',
      );
      const { dataset, settled } = openDataset(text);
      let findings = 0;
      for (let round = 0; round < 6; round++) {
        const { diagnostics } = await settled();
        expect(seen(diagnostics), dataset.document.text).toEqual(expected(dataset.document.text));
        findings += diagnostics.length;
        for (let i = random.integer(8); i >= 0; i--) {
          const change = randomChange(random, dataset.document.text);
          dataset.update([change], dataset.document.version + 1);
          // Some edits meet work in progress.
          if (random.next() < 0.5) await new Promise((resolve) => setTimeout(resolve, random.integer(4)));
        }
      }
      dataset.close();
      return findings;
    };
    const findings = await Promise.all(Array.from({ length: 24 }, (_, seed) => check(seed)));
    expect(Math.min(...findings)).toBeGreaterThan(20);
  });

  it('says the same of tokens', async () => {
    const encode = defaultEncoding(40);
    const check = async (seed: number): Promise<void> => {
      const random = createRandom(seed, 1);
      const text = Array.from({ length: 20 }, () => LINES[random.integer(LINES.length)]!).join('\n');
      const { dataset, settled } = openDataset(text, { loadEncode: () => encode });
      for (let round = 0; round < 3; round++) {
        const { diagnostics } = await settled();
        expect(seen(diagnostics), dataset.document.text).toEqual(expected(dataset.document.text, { encode }));
        const { summary } = lintText(dataset.document.text, { encode });
        const { total, trained } = dataset.summary.tokens!;
        expect([total, trained]).toEqual([summary.totalTokens, summary.trainedTokens]);
        for (let i = random.integer(5); i >= 0; i--)
          dataset.update([randomChange(random, dataset.document.text)], dataset.document.version + 1);
      }
      dataset.close();
    };
    await Promise.all(Array.from({ length: 8 }, (_, seed) => check(seed)));
  });

  it('counts what it shows, and all that it does not show', async () => {
    const { dataset, settled } = openDataset('{"text": 3}\n'.repeat(12_000));
    const { diagnostics } = await settled();
    expect(diagnostics).toHaveLength(MOST_DIAGNOSTICS + 1);
    expect(diagnostics.at(-1)!.message).toMatch(/^11000 more findings are not shown here\./);
    expect(dataset.summary).toMatchObject({ state: 'ready', format: 'text', examples: 12_000, invalid: 12_000 });
    expect(dataset.summary.errors).toBe(12_000);
    dataset.update([{ range: { start: { line: 0, character: 9 }, end: { line: 0, character: 10 } }, text: '"A."' }], 2);
    await settled();
    expect(dataset.summary).toMatchObject({ version: 2, invalid: 11_999, errors: 11_999 });
  });

  it('checks everything again when the settings or the format change', async () => {
    const text = '{"instruction": "Name a colour.", "output": "Red"}\n{"prompt": "A", "completion": "Some text."}\n';
    const { dataset, settled } = openDataset(text);
    await settled();
    const choice = { severities: { 'output-too-short': 'error' } } as const;
    dataset.configure({ ...SETTINGS, choice });
    expect(seen((await settled()).diagnostics)).toEqual(expected(text, choice));
    dataset.configure({ ...SETTINGS, format: 'completion' });
    const { problems } = lintText(text, { format: 'completion' });
    expect((await settled()).diagnostics.map(({ code }) => code)).toEqual(problems.map(({ rule }) => rule));
    expect(dataset.summary.format).toBe('completion');
    dataset.configure(SETTINGS);
    // Without its first line, the file is of another format.
    dataset.update([{ range: { start: { line: 0, character: 0 }, end: { line: 1, character: 0 } }, text: '' }], 2);
    expect(seen((await settled()).diagnostics)).toEqual(expected(dataset.document.text));
    expect(dataset.summary.format).toBe('completion');
  });

  it('hides accepted findings and says how many', async () => {
    const text = '{"instruction": "Name a colour.", "output": "Red"}\n'.replace('a colour', 'one colour');
    const { dataset, settled } = openDataset(text, { accepted: { 'output-too-short': 1, 'too-few-examples': 1 } });
    const { diagnostics } = await settled();
    expect(diagnostics.map(({ code }) => code)).not.toContain('output-too-short');
    expect(dataset.summary.suppressed).toBeGreaterThan(0);
  });

  it('keeps findings about other records on their lines, and drops those whose records are gone', async () => {
    const record = (n: number): string =>
      `{"instruction": "Name the number that comes after ${n}.", "output": "It is ${n + 1}, as everybody knows."}\n`;
    const text = Array.from({ length: 12 }, (_, n) => record(n)).join('') + record(3);
    const { dataset, settled, published } = openDataset(text);
    const duplicates = ({ diagnostics }: Published): Diagnostic[] =>
      diagnostics.filter(({ code }) => code === 'duplicate-example');
    const first = duplicates(await settled());
    expect(first).toMatchObject([{ range: { start: { line: 12 } } }]);
    expect(first[0]!.relatedInformation).toMatchObject([{ location: { range: { start: { line: 3 } } } }]);
    // Two new lines above: at once the finding and its other place are two lines further down.
    const top = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
    dataset.update([{ range: top, text: record(50) + record(60) }], 2);
    await expect.poll(() => published.at(-1)!.version).toBe(2);
    const moved = duplicates(published.find(({ version }) => version === 2)!);
    expect(moved).toMatchObject([{ range: { start: { line: 14 } } }]);
    expect(moved[0]!.relatedInformation).toMatchObject([{ location: { range: { start: { line: 5 } } } }]);
    // The fixes of that comparison remove the same records as then, wherever they are now.
    const context = { diagnostics: moved };
    const actions = codeActions(dataset, { textDocument: { uri: '' }, range: moved[0]!.range, context });
    const removed = actions.flatMap(({ edit }) => edit?.documentChanges ?? []);
    expect(removed.length).toBeGreaterThan(0);
    for (const change of removed)
      expect(change).toMatchObject({
        textDocument: { version: 2 },
        edits: [{ range: { start: { line: 14 }, end: { line: 15 } }, newText: '' }],
      });
    // The other record is edited: nobody knows yet whether it is still the same.
    const other = { start: { line: 5, character: 20 }, end: { line: 5, character: 20 } };
    dataset.update([{ range: other, text: 'x' }], 3);
    await expect.poll(() => published.at(-1)!.version).toBe(3);
    expect(duplicates(published.find(({ version }) => version === 3)!)).toEqual([]);
    expect(duplicates(await settled())).toEqual([]);
  });

  it('fixes a whole file as the command line does', async () => {
    let edited = 0;
    for (let seed = 0; seed < 30; seed++) {
      const random = createRandom(seed, 2);
      const text = `${Array.from({ length: 12 }, () => LINES[random.integer(LINES.length)]!).join('\n')}\n`;
      const { dataset, settled } = openDataset(text);
      await settled();
      const steps = fixAllEdits(dataset);
      let step = steps.next();
      while (!step.done) step = steps.next();
      const document = TextDocument.create('u', 'jsonl', 1, text);
      const { text: fixed, applied } = fixText(text);
      // A repaired line may show the format of a file that had none; the editor then offers the next fixes.
      if (dataset.checker.format) expect(TextDocument.applyEdits(document, step.value), text).toBe(fixed);
      edited += applied.length;
      dataset.close();
    }
    expect(edited).toBeGreaterThan(30);
  });
});
