import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatById } from '../../src/dataset/formats';
import { applyEdits } from '../../src/dataset-lsp/fixes';
import { activeRules, lintLine } from '../../src/dataset-lsp/line-lint';
import { lintText } from '../../src/dataset-lsp/linter';
import type { LineFinding } from '../../src/dataset-lsp/placement';

const IDS = [
  'secret-in-text',
  'personal-data',
  'mojibake',
  'control-token-in-text',
  'output-copies-input',
  'placeholder-text',
  'output-cut-off',
  'output-has-repetition',
  'language-mismatch',
];
const rules = activeRules({}).filter(({ rule }) => IDS.includes(rule.meta.id));

function findings(record: unknown): { readonly source: string; readonly found: readonly LineFinding[] } {
  const source = typeof record === 'string' ? record : JSON.stringify(record);
  const format = formatById(source.includes('"messages"') ? 'chat' : 'instruction');
  return { source, found: lintLine(source, 1, { format, forced: true, rules }).findings };
}

const answer = (output: string, instruction = 'Please tell me about this.'): unknown => ({ instruction, output });
const marked = (record: unknown): string[] => {
  const { source, found } = findings(record);
  return found.map(({ rule, start, end }) => `${rule}: ${source.slice(start, end)}`);
};

const words = (count: number): string => Array.from({ length: count }, (_, i) => `word${i}`).join(' ');

describe('ranges', () => {
  it('are the very characters', () => {
    expect(marked(answer('Tab\tand “quotes”: write to m.keller@posteo.de, now'))).toEqual([
      'personal-data: m.keller@posteo.de',
    ]);
    expect(marked(String.raw`{"instruction": "What is it?", "output": "\u0022caf\u00c3\u00a9\u0022"}`)).toEqual([
      String.raw`mojibake: \u00c3\u00a9`,
    ]);
    expect(marked(answer('Hi!<|im_end|>'))).toEqual(['control-token-in-text: <|im_end|>']);
    expect(marked(answer('I am {{ name }}.'))).toEqual(['placeholder-text: {{ name }}']);
  });
  it('reach into the arguments of tool calls', () => {
    const called = { name: 'send', arguments: JSON.stringify({ to: 'm.keller@posteo.de' }) };
    const messages = [
      { role: 'user', content: 'Send it to Max.' },
      { role: 'assistant', content: null, tool_calls: [{ id: '1', type: 'function', function: called }] },
    ];
    expect(marked({ messages })).toEqual(['personal-data: m.keller@posteo.de']);
  });
});

describe('secrets', () => {
  it('are never in the message', () => {
    const { found } = findings(answer('mongodb://shop:mP7kX2vQ9zLw@db.shop.io/orders'));
    expect(found).toHaveLength(1);
    expect(found[0]!.message).toContain('(mP7k…)');
    expect(found[0]!.message).not.toContain('mP7kX');
  });
  it('are not the passwords that somebody asked for', () => {
    const made = 'Here is your password: gT7$kq0LmZ';
    expect(marked(answer(made, 'Generate a strong password, please.'))).toEqual([]);
    expect(marked(answer(made, 'What is my login for the shop?'))).toEqual(['secret-in-text: gT7$kq0LmZ']);
  });
});

describe('fixes', () => {
  const texts = [
    'Write to m.keller@posteo.de or call +49 30 90182137.',
    'mongodb://shop:mP7kX2vQ9zLw@db.shop.io/orders and password = "gT7$kq0LmZ"',
    'It isnâ€™t cafÃ©, ÐŸÑ€Ð¸Ð²ÐµÑ‚.',
    '[INST] Hello [/INST] there<|im_end|>\n',
    Array.from({ length: 150 }, (_, i) => `m.keller${i}@posteo.de`).join('\n"'),
  ];
  it.each(texts)('of %.60j end all findings, and change nothing else', (text) => {
    const { source, found } = findings(answer(text));
    expect(found.length).toBeGreaterThan(0);
    const rule = found[0]!.rule;
    const fixes = found[0]!.fixes!();
    const all = fixes.at(-1)!;
    expect(all.safe).toBe(false);
    const fixed = applyEdits(source, all.edits!);
    expect(findings(fixed).found.filter((finding) => finding.rule === rule)).toEqual([]);
    expect((JSON.parse(fixed) as Record<string, string>)['instruction']).toBe('Please tell me about this.');
    const one = applyEdits(source, fixes[0]!.edits!);
    expect(findings(one).found.length).toBeLessThanOrEqual(found.length);
    expect(() => JSON.parse(one) as unknown).not.toThrow();
  });
  it('say what they do', () => {
    const { found } = findings(answer(texts[0]!));
    expect(found[0]!.fixes!().map(({ title }) => title)).toEqual([
      'Redact it to [EMAIL]',
      'Redact all 2 personal data of this record',
    ]);
  });
  it('leave escapes in the rest of the text as they are', () => {
    const { source, found } = findings(
      String.raw`{"instruction": "What is it?", "output": "\u00e9\/ m.keller@posteo.de"}`,
    );
    expect(applyEdits(source, found[0]!.fixes!()[0]!.edits!)).toBe(
      String.raw`{"instruction": "What is it?", "output": "\u00e9\/ [EMAIL]"}`,
    );
  });
  it('abstain where letters are lost', () => {
    const { found } = findings(answer('caf\uFFFD'));
    expect(found.map(({ rule, fixes }) => [rule, fixes])).toEqual([['mojibake', undefined]]);
  });
});

describe('many findings', () => {
  it('are cut off with their number', () => {
    const { found } = findings(answer('m.keller@posteo.de '.repeat(25)));
    const mails = found.filter(({ rule }) => rule === 'personal-data');
    expect(mails).toHaveLength(10);
    expect(mails[9]!.message).toMatch(/ There are 15 more in this record\.$/);
  });
});

describe('answers that copy', () => {
  const long = words(60);
  it('are found when nearly all of them stands in the prompt', () => {
    expect(marked(answer(`${long.slice(10)} so`, `Why is that so? ${long}`))).toHaveLength(1);
    expect(marked(answer(`${long} ${long.replaceAll('word', 'other')}`, `Why is that so? ${long}`))).toEqual([]);
  });
  it('are meant where a text is to be corrected or quoted', () => {
    expect(marked(answer(long, `Correct the grammar: ${long}`))).toEqual([]);
    expect(marked(answer(long, `Translate: ${long}`))).toEqual([]);
  });
});

describe('answers that break off', () => {
  const prose = words(40);
  it('end in the middle of a sentence', () => {
    expect(marked(answer(`${prose} because of the`))).toEqual(['output-cut-off: the']);
    expect(marked(answer(`${prose} because of the sea.`))).toEqual([]);
    expect(marked(answer(`${prose} [1]`))).toEqual([]);
    expect(marked(answer('because of the'))).toEqual([]);
  });
  it('or in the middle of a program', () => {
    expect(marked(answer('Use\n```js\na()\n```\nand\n```js\nb('))).toEqual(['output-cut-off: ```']);
    expect(marked(answer('1. Use\n   ```js\n   a()\n   ```\n2. `b`, or ``` in a line'))).toEqual([]);
    expect(marked(answer('````md\n```js\na()\n````'))).toEqual([]);
  });
});

it.each([
  '@',
  'a@',
  'a@b.',
  '1',
  '1.',
  '+49 1',
  '(415) ',
  '{{',
  '{{a}} ',
  '[insert ',
  '<|',
  '<|im_end|>',
  '<s>',
  '`<s>',
  'passw',
  'password=',
  '-----BEGIN ',
  'eyJ-',
  'a:b@',
  '::',
  'sk-',
  'Ã',
  'Ã©',
  'â€',
  'ab ',
  'TODO: ',
  '```',
  '```\n',
  '``` a',
  '<your ',
  'DE44 5001 ',
  '4111 ',
  '\uFFFD',
  '’',
])('no text takes long: %j', (part) => {
  const text = part.repeat(Math.ceil(50_000 / part.length));
  const started = performance.now();
  findings(answer(text));
  expect(performance.now() - started).toBeLessThan(1000);
});

const data = new URL('../../../shared/data/llamafactory/', import.meta.url);

describe.skipIf(!existsSync(data))('real records (skipped where ../shared/data is absent)', () => {
  it('have only two findings, true ones, in 999 Alpaca records', () => {
    const records = JSON.parse(readFileSync(new URL('alpaca_en_demo.json', data), 'utf8')) as Record<string, string>[];
    const text = records
      .map(({ instruction, input, output }) => JSON.stringify({ instruction, input, output }))
      .join('\n');
    const counts = lintText(text).summary.issueCounts;
    expect(Object.fromEntries(IDS.map((id) => [id, counts[id] ?? 0]).filter(([, count]) => count !== 0))).toEqual({
      'output-cut-off': 2,
    });
  });
});
