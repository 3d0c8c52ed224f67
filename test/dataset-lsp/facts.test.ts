import { describe, expect, it } from 'vitest';
import { formatById, type FormatId } from '../../src/dataset/formats';
import { FactTable, factsOf, type RecordFacts } from '../../src/dataset-lsp/facts';

const facts = (record: Readonly<Record<string, unknown>>, format: FormatId = 'chat'): RecordFacts =>
  factsOf(formatById(format).turns(record), record);
const chat = (...messages: readonly unknown[]): { readonly messages: readonly unknown[] } => ({ messages });
const user = (content: unknown): unknown => ({ role: 'user', content });
const assistant = (content: unknown, more = {}): unknown => ({ role: 'assistant', content, ...more });

describe('the facts of a record', () => {
  const base = facts(chat(user('Is the shop open?'), assistant('Yes, until six.')));
  it('are equal for the same content, however it is written', () => {
    const same = facts({
      id: 7,
      ...chat(user(' Is the shop open?\n'), assistant([{ type: 'text', text: 'Yes, until six.' }])),
    });
    expect(same).toEqual(base);
    const instruction = facts(
      { instruction: 'Is the shop open?', input: '', output: 'Yes, until six.' },
      'instruction',
    );
    expect([instruction.content, instruction.prompt, instruction.answer]).toEqual([
      base.content,
      base.prompt,
      base.answer,
    ]);
  });
  it.each([
    ['another word', chat(user('Is the shop open?'), assistant('Yes, until seven.'))],
    ['another case', chat(user('Is the Shop open?'), assistant('Yes, until six.'))],
    ['other punctuation', chat(user('Is the shop open?'), assistant('Yes, until six!'))],
    ['space inside', chat(user('Is the shop  open?'), assistant('Yes, until six.'))],
    ['another role', chat({ role: 'system', content: 'Is the shop open?' }, assistant('Yes, until six.'))],
    ['another division', chat(user('Is the shop'), assistant('open? Yes, until six.'))],
    ['an answer that is not trained', chat(user('Is the shop open?'), assistant('Yes, until six.', { weight: 0 }))],
    ['tools', { ...chat(user('Is the shop open?'), assistant('Yes, until six.')), tools: [{ type: 'function' }] }],
    ['a picture', { ...chat(user('Is the shop open?'), assistant('Yes, until six.')), images: ['a.png'] }],
    [
      'a tool call',
      chat(
        user('Is the shop open?'),
        assistant('Yes, until six.', { tool_calls: [{ function: { name: 'f', arguments: '{}' } }] }),
      ),
    ],
  ])('differ for %s', (_, record) => {
    expect(facts(record).content).not.toBe(base.content);
  });
  it('know the prompt and the answer apart from case, white space and punctuation', () => {
    const loose = facts(chat(user('is the shop\topen'), assistant('YES until six')));
    expect([loose.prompt, loose.answer]).toEqual([base.prompt, base.answer]);
    expect(loose.content).not.toBe(base.content);
    const text = facts({ text: 'A text without a prompt.' }, 'text');
    expect(text.prompt).toBe(0);
    expect(text.answer).not.toBe(0);
  });
  it('take the last answer of a dialogue, and all before it as the prompt', () => {
    const first = facts(chat(user('A?'), assistant('b'), user('C?'), assistant('d')));
    const other = facts(chat(user('A?'), assistant('x'), user('C?'), assistant('d')));
    expect(first.answer).toBe(other.answer);
    expect(first.prompt).not.toBe(other.prompt);
  });
  it('differ for two calls of one tool, and for two labels', () => {
    const call = (place: string): RecordFacts =>
      facts(
        chat(
          user('Weather?'),
          assistant(null, { tool_calls: [{ function: { name: 'weather', arguments: `{"place":"${place}"}` } }] }),
        ),
      );
    expect(call('Ulm').content).not.toBe(call('Bonn').content);
    expect(call('Ulm').answer).not.toBe(call('Bonn').answer);
    const label = (value: boolean): number =>
      facts({ prompt: 'Well?', completion: 'Fine.', label: value }, 'unpaired-preference').content;
    expect(label(true)).not.toBe(label(false));
  });
  it('leave the system message out of what is compared for near duplicates', () => {
    const signature = (system: string): Uint32Array | undefined =>
      facts(chat({ role: 'system', content: system }, user('Is the shop open?'), assistant('Yes, until six.')))
        .signature;
    expect(signature('You are a pirate.')).toEqual(signature('You are a poet who likes long words.'));
    expect(facts(chat(user(''), assistant(''))).signature).toBeUndefined();
  });
  it('count the trained characters and see refusals', () => {
    const refused = facts(chat(user('Do it.'), assistant("I'm sorry, but I can't help with that request.")));
    expect(refused).toMatchObject({ refusal: true, answerLength: 46 });
    expect(base).toMatchObject({ refusal: false, answerLength: 15 });
  });
});

describe('the table', () => {
  const records = Array.from({ length: 700 }, (_, i) => facts(chat(user(`Question ${i}?`), assistant(`Answer ${i}.`))));
  const record = (i: number): RecordFacts => records[i % 700]!;
  it('is the same when it is put together from parts', () => {
    const whole = new FactTable();
    const merged = new FactTable();
    let part = new FactTable();
    for (let i = 0; i < 20_000; i++) {
      whole.add(i * 2 + 1, record(i));
      part.add((i % 3000) * 2 + 1, record(i));
      if (i % 3000 === 2999 || i === 19_999) {
        const { columns, buffers } = part.toTransfer();
        expect(buffers.length).toBe(Object.keys(columns).length);
        merged.append(structuredClone(columns, { transfer: buffers }), Math.floor(i / 3000) * 6000);
        expect(columns.lines.length).toBe(0);
        part = new FactTable();
      }
    }
    expect(merged.length).toBe(20_000);
    const [a, b] = [whole.toTransfer().columns, merged.toTransfer().columns];
    for (const key of Object.keys(a) as (keyof typeof a)[])
      expect(Buffer.from(b[key].buffer).equals(Buffer.from(a[key].buffer))).toBe(true);
    expect(merged.signatures.column(15)[19_999]).toBe(record(19_999).signature![15]);
    expect([...merged.firsts().slice(698, 703)]).toEqual([698, 699, 0, 1, 2]);
  });
});
