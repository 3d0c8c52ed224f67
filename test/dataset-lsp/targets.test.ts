import { describe, expect, it } from 'vitest';
import { lintText } from '../../src/dataset-lsp/linter';
import { TARGETS, targetRules } from '../../src/dataset-lsp/targets';

const found = (id: string, ...records: readonly unknown[]): string[] =>
  lintText(`${records.map((record) => JSON.stringify(record)).join('\n')}\n`, { extraRules: targetRules(id) })
    .problems.filter((problem) => problem.rule === `target-${id}`)
    .map((problem) => `${problem.line}:${problem.pointer} ${problem.message}`);

const user = { role: 'user', content: 'Name a colour, please.' };
const assistant = { role: 'assistant', content: 'Green, for example.' };
const image = (url: string): object => ({ type: 'image_url', image_url: { url } });

describe.each(Object.entries(TARGETS))('%s', (id, { target, rule }) => {
  it.each(rule.meta.examples.valid.map((example) => [example.text]))('accepts %j', (text) => {
    const { problems } = lintText(text, { extraRules: [rule] });
    expect(problems.filter((problem) => problem.severity === 'error')).toEqual([]);
  });
  it.each(rule.meta.examples.invalid.map((example) => [example.text, example.lines] as const))(
    'refuses %j',
    (text, lines) => {
      const own = lintText(text, { extraRules: [rule] }).problems.filter((one) => one.rule === rule.meta.id);
      expect(own.map((problem) => problem.line)).toEqual(lines);
    },
  );
  it('says where its limits come from', () => {
    expect(target.source).toMatch(/^https:\/\//);
    expect(target.id).toBe(id);
  });
});

describe('targets', () => {
  it('are four', () => expect(Object.keys(TARGETS)).toEqual(['openai', 'together', 'fireworks', 'trl']));
  it('are known by name only', () => {
    expect(targetRules('constructor')).toBeUndefined();
    expect(targetRules('openai')).toHaveLength(1);
  });

  it('openai: names of functions, message keys, extra keys', () => {
    const tools = [{ type: 'function', function: { name: 'get weather', parameters: {} } }];
    const record = { messages: [{ ...user, id: 7 }, assistant], tools, note: 'x' };
    const messages = found('openai', ...Array<unknown>(10).fill(record)).filter((one) => one.startsWith('1:'));
    expect(messages.map((one) => one.split(' ')[0]).sort()).toEqual([
      '1:/messages/0/id',
      '1:/note',
      '1:/tools/0/function/name',
    ]);
  });

  it('openai: too many images', () => {
    const content = [
      { type: 'text', text: 'Compare these.' },
      ...Array<object>(65).fill(image('https://a.example/a.png')),
    ];
    const record = { messages: [{ role: 'user', content }, assistant] };
    expect(found('openai', ...Array<unknown>(10).fill(record))[0]).toMatch(/^1:\/messages\/0\/content\/65 .*64 images/);
  });

  it('together: strict alternation, system first, base64 images of the user', () => {
    const messages = [user, assistant, { role: 'system', content: 'Be kind.' }, assistant];
    expect(found('together', { messages }).map((one) => one.split(' ')[0])).toEqual(['1:/messages/2/role']);
    expect(found('together', { messages: [user, assistant, assistant] })[0]).toMatch(/take turns/);
    const seen = { role: 'user', content: [image('https://a.example/a.png')] };
    expect(found('together', { messages: [seen, assistant] })[0]).toMatch(/base64/);
    const inline = { role: 'user', content: [image('data:image/png;base64,AAAA')] };
    expect(found('together', { messages: [inline, assistant] })).toEqual([]);
  });

  it('fireworks: the number of records, and text only', () => {
    const record = { messages: [user, assistant] };
    expect(found('fireworks', record, record)[0]).toMatch(/at least 3 records, this file has 2/);
    const seen = { messages: [{ role: 'user', content: [image('data:image/png;base64,AAAA')] }, assistant] };
    expect(found('fireworks', record, record, seen)[0]).toMatch(/^3:\/messages\/0\/content\/0 .*text only/);
  });

  it('trl: weights, and arguments as text', () => {
    const call = { id: 'a', type: 'function', function: { name: 'weather', arguments: '{}' } };
    const calls = { role: 'assistant', tool_calls: [call] };
    const messages = [user, calls, { role: 'tool', tool_call_id: 'a', content: 'Rain.' }, { ...assistant, weight: 0 }];
    expect(found('trl', { messages }).map((one) => one.split(' ')[0])).toEqual([
      '1:/messages/1/tool_calls/0/function/arguments',
      '1:/messages/3/weight',
    ]);
  });

  it('know the largest file', () => {
    const sizes = (bytes: number): string[] => {
      const messages: string[] = [];
      const first = { line: 1, value: {} };
      const file = { records: 10, bytes, first, encoding: [], document: undefined };
      TARGETS['openai']!.rule.check.file?.(
        { ...file, detection: { kind: 'unknown' } },
        (one) => messages.push(one.message),
        {},
      );
      return messages;
    };
    expect(sizes(512 * 2 ** 20)).toEqual([]);
    expect(sizes(600 * 2 ** 20)).toEqual(['OpenAI takes files of at most 512 MB, this one has 600 MB.']);
  });

  it('refuse a format that they do not know, and say how to convert it', () => {
    const record = { instruction: 'Name a colour.', output: 'Green, for example.' };
    for (const id of Object.keys(TARGETS))
      expect(found(id, ...Array<unknown>(10).fill(record))[0]).toMatch(/"instruction".*fine-tune convert/);
  });
});
