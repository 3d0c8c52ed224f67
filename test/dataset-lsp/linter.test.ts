import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { lintText as lint, type LintOptions, type LintResult } from '../../src/dataset-lsp/linter';
import { createTemplate } from '../../src/dataset/template';
import { readRecords } from '../../src/dataset/records';
import { tokenizerOf } from '../dataset/dump';

const good = '{"instruction": "Name a colour.", "input": "", "output": "Green, for example."}';
const jsonl = (...records: readonly unknown[]): string =>
  records.map((record) => JSON.stringify(record)).join('\n') + '\n';

// The files of these tests are small, and some repeat a record.
const SMALL = { 'too-few-examples': 'off', 'duplicate-example': 'off' } as const;
const lintText = (text: string, options: LintOptions = {}): LintResult =>
  lint(text, { ...options, severities: { ...SMALL, ...options.severities } });

describe('lintText', () => {
  it('gives the report of a clean file', () => {
    expect(lintText(`${good}\n${good}\n`)).toEqual({
      format: 'instruction',
      summary: { totalExamples: 2, validExamples: 2, invalidExamples: 0, issueCounts: {} },
      problems: [],
    });
  });

  it('finds everything at its place, in UTF-16 units', () => {
    const text = `${good}\n{"instruction": "🙂 Name a colour.", "output": 4}\r\n{"instruction": "Hey", "output": "x"}\n{"instruction"`;
    const { problems, summary } = lintText(text);
    expect(problems).toMatchObject([
      {
        rule: 'wrong-type',
        severity: 'error',
        line: 2,
        column: 48,
        endLine: 2,
        endColumn: 49,
        pointer: '/output',
        fixable: true,
      },
      {
        rule: 'instruction-too-short',
        severity: 'warning',
        line: 3,
        column: 17,
        endColumn: 22,
        pointer: '/instruction',
      },
      { rule: 'output-too-short', severity: 'warning', line: 3, column: 34, endColumn: 37, pointer: '/output' },
      { rule: 'json-syntax', severity: 'error', line: 4, column: 15, endColumn: 15, pointer: '' },
    ]);
    expect(summary).toEqual({
      totalExamples: 4,
      validExamples: 2,
      invalidExamples: 2,
      issueCounts: { 'wrong-type': 1, 'instruction-too-short': 1, 'output-too-short': 1, 'json-syntax': 1 },
    });
  });

  it('knows all formats', () => {
    for (const [record, id] of [
      [{ conversations: [{ from: 'human', value: 'Hello there.' }] }, 'sharegpt'],
      [{ prompt: 'a', chosen: 'b', rejected: 'c' }, 'preference'],
      [{ input: {}, preferred_output: [], non_preferred_output: [] }, 'preference'],
      [{ prompt: 'a', completion: 'b', label: true }, 'unpaired-preference'],
    ] as const)
      expect(lintText(jsonl(record)).format).toBe(id);
  });

  it('does not let a broken first record hide the format', () => {
    const result = lintText(`{"instruction": "No output here."}\n${good}\n`);
    expect(result.format).toBe('instruction');
    expect(result.problems).toMatchObject([{ rule: 'missing-field', line: 1 }]);
  });

  it('reads the file as the format that is asked for', () => {
    const text = jsonl({
      text: 'Some text.',
      instruction: 'Do it, please, and do it before the day is over.',
      output: 'It is done, and it was done before the day was over.',
    });
    expect(lintText(text).format).toBe('instruction');
    const asText = lintText(text, { format: 'text' });
    expect(asText.format).toBe('text');
    expect(asText.problems.map(({ rule, pointer }) => [rule, pointer])).toEqual([
      ['unknown-key', '/instruction'],
      ['unknown-key', '/output'],
    ]);
    expect(lintText(text, { format: 'chat' }).problems).toMatchObject([{ rule: 'mixed-formats' }]);
  });

  it('suggests the role that was meant', () => {
    const messages = [
      { role: 'Human', content: 'Good morning.' },
      { role: 'Assistant', content: 'Good morning!' },
    ];
    const found = lintText(jsonl({ messages })).problems;
    expect(found.map((problem) => [problem.pointer, /Write "(.*)"/.exec(problem.message)?.[1]])).toEqual([
      ['/messages/0/role', 'user'],
      ['/messages/1/role', 'assistant'],
    ]);
  });

  it('changes severities and options by rule', () => {
    const text = jsonl({ instruction: 'Name it', output: 'Green, say.' });
    const rule = 'instruction-too-short';
    expect(lintText(text, { severities: { [rule]: 'error' } })).toMatchObject({
      problems: [{ rule, severity: 'error' }],
      summary: { invalidExamples: 1 },
    });
    expect(lintText(text, { ruleOptions: { [rule]: { minimum: 5 } } }).problems).toEqual([]);
  });

  it('survives anything', () => {
    const nasty = [
      '[[[[',
      'null',
      '{"messages": [null, 3, {"role": {}}]}',
      '{"messages": {"0": 1}}',
      '{"__proto__": 1}',
      '\u0000',
      '{"text": null}',
    ];
    for (const first of nasty)
      for (const second of nasty) expect(() => lintText(`${first}\n${second}\n`)).not.toThrow();
    const deep = `{"text": ${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    expect(lintText(deep).problems).toMatchObject([{ rule: 'wrong-type' }]);
  });

  it('holds what it accepts for loadable', () => {
    const accepted = [
      jsonl({
        messages: [
          { role: 'user', content: 'Weather?' },
          {
            role: 'assistant',
            content: null,
            tool_calls: [{ id: 'a', type: 'function', function: { name: 'w', arguments: { at: 1 } } }],
          },
          { role: 'tool', tool_call_id: 'a', content: 'Sun' },
          {
            role: 'assistant',
            content: [
              { type: 'text', text: 'It is ' },
              { type: 'text', text: 'sunny.' },
            ],
          },
        ],
        tools: [{ type: 'function', function: { name: 'w' } }],
      }),
      jsonl({
        prompt: [{ role: 'user', content: 'Good morning.' }],
        completion: [{ role: 'assistant', content: 'Good morning!' }],
      }),
      jsonl({ prompt: 'Good', completion: ' morning!' }),
    ];
    for (const text of accepted) {
      expect(lintText(text).problems.filter((problem) => problem.severity === 'error')).toEqual([]);
      expect(readRecords(text).records).toHaveLength(1);
    }
    expect(readRecords(accepted[0]!).records[0]!.example).toEqual({
      kind: 'conversation',
      tools: [{ type: 'function', function: { name: 'w' } }],
      messages: [
        { role: 'user', content: 'Weather?', trained: false },
        {
          role: 'assistant',
          content: '',
          trained: true,
          toolCalls: [{ id: 'a', type: 'function', function: { name: 'w', arguments: '{"at":1}' } }],
        },
        { role: 'tool', content: 'Sun', toolCallId: 'a', trained: false },
        { role: 'assistant', content: 'It is sunny.', trained: true },
      ],
    });
  });
});

describe('with a tokenizer', () => {
  const tokenizer = tokenizerOf('smollm2');
  const template = createTemplate({ source: 'chatml', eosToken: '<|im_end|>', specialTokens: tokenizer.specialTokens });
  it('counts tokens of whole records and what is trained after the cut', () => {
    const text = jsonl(
      { instruction: 'Help me, please!', output: 'Turn it off and on.' },
      { instruction: 'x'.repeat(60), output: 'Beyond.' },
    );
    const whole = lintText(text, { encode: { template, tokenizer, maxLength: 1000 } }).summary;
    const cut = lintText(text, { encode: { template, tokenizer, maxLength: 50 } });
    expect(cut.summary).toMatchObject({
      totalTokens: whole.totalTokens,
      maxTokens: whole.maxTokens,
      minTokens: whole.minTokens,
    });
    expect(cut.summary.trainedTokens).toBeLessThan(whole.trainedTokens!);
    expect(whole.avgTokens).toBe(whole.totalTokens! / 2);
    expect(cut.problems).toMatchObject([{ rule: 'nothing-to-train', line: 2 }]);
    expect(cut.problems[0]!.message).toContain('maximum length of 50 tokens');
  });

  it('reports what the chat template refuses', () => {
    const refusing = createTemplate({
      source: {
        jinja:
          "{% if messages|length != 2 %}{{ raise_exception('Two messages only') }}{% endif %}{% for m in messages %}{{ m.content }}{% endfor %}",
      },
    });
    const text = jsonl({
      messages: [
        { role: 'system', content: 'Be kind.' },
        { role: 'user', content: 'Good morning.' },
        { role: 'assistant', content: 'Good morning!' },
      ],
    });
    const { problems } = lintText(text, { encode: { template: refusing, tokenizer, maxLength: 100 } });
    expect(problems).toMatchObject([{ rule: 'nothing-to-train', line: 1 }]);
    expect(problems[0]!.message).toContain('Two messages only');
  });
});

const ALPACA = new URL('../../../shared/data/llamafactory/alpaca_en_demo.json', import.meta.url);
describe.skipIf(!existsSync(ALPACA))('real records (../shared/data, where present)', () => {
  it('finds no error in Alpaca and few warnings', () => {
    const records = JSON.parse(readFileSync(ALPACA, 'utf8')) as unknown[];
    const { format, summary, problems } = lintText(jsonl(...records));
    expect(format).toBe('instruction');
    expect(summary).toMatchObject({ totalExamples: 999, invalidExamples: 0 });
    expect(problems.length).toBeLessThan(10);
    const array = lintText(readFileSync(ALPACA, 'utf8')).problems;
    expect(array).toMatchObject([{ rule: 'json-syntax', line: 1 }]);
  });
});
