import { describe, expect, it } from 'vitest';
import type { Example } from '../../src/dataset/conversation';
import { createRandom } from '../../src/common/random';
import { convertRecord, STYLES } from '../../src/dataset/conversion';
import { FORMATS, formatById } from '../../src/dataset/formats';
import { toPair } from '../../src/dataset/formats/preference';
import { checkShape, fits } from '../../src/dataset/shape';
import { meaning } from './meaning';

type Raw = Readonly<Record<string, unknown>>;

const user = {
  role: 'user',
  content: [
    { type: 'text', text: 'Hi' },
    { type: 'image_url', image_url: { url: 'a.png' } },
  ],
};
const answer = {
  role: 'assistant',
  content: 'Hello!',
  weight: 1,
  refusal: null,
  reasoning_content: 'Hm.',
  name: 'Ada',
};
const call = { id: 'a', type: 'function', function: { name: 'f', arguments: '{"n": 1}' } };
const messages = [
  { role: 'system', content: 'Be kind.' },
  user,
  { role: 'assistant', content: null, tool_calls: [call], function_call: { name: 'f', arguments: {} } },
  { role: 'tool', content: [{ type: 'text', value: '1' }], tool_call_id: 'a' },
  {
    role: 'assistant',
    content: [
      { type: 'reasoning', value: 'Hm.' },
      { type: 'tool_call', value: '{"name": "f"}' },
    ],
  },
  answer,
];
const conversations = [
  { from: 'human', value: '<image>Hi' },
  { from: 'function_call', value: '[{"name": "f", "arguments": {"n": 1}}]' },
  { from: 'observation', value: '1' },
  { from: 'gpt', value: 'Hello!', loss_weight: 0 },
  { role: 'assistant', content: 'Hello!' },
];
const extras = { images: ['a.png'], image: null, tools: '[{"name": "f"}]', parallel_tool_calls: true };

/** One record with nearly everything, for each way of writing it. */
const SEEDS: readonly Raw[] = [
  { messages, ...extras, functions: [{ name: 'f' }] },
  { conversations, system: 'Be kind.', ...extras },
  { instruction: '<image>Say hi.', input: 'Now', output: 'Hello!', images: ['a.png'] },
  { prompt: messages.slice(0, 2), completion: [answer], ...extras },
  { prompt: 'The sky is', completion: ' blue.' },
  { text: 'The sky is blue.' },
  { prompt: messages.slice(0, 2), chosen: [answer], rejected: [{ ...answer, content: 'No.' }], ...extras },
  { prompt: 'Hi', chosen: [user, answer], rejected: [user, { ...answer, content: 'No.' }] },
  { chosen: 'The sky is blue.', rejected: 'The sky is green.', instruction: 'a', input: 'b', system: 'c' },
  {
    conversations,
    chosen: { from: 'gpt', value: 'Hello!' },
    rejected: { role: 'assistant', content: 'No.' },
    ...extras,
  },
  { input: { messages, tools: [{}] }, preferred_output: [answer], non_preferred_output: [answer] },
  { chosen_messages: messages, rejected_messages: [...messages.slice(0, 5), { ...answer, content: 'No.' }] },
  { messages, label: true, ...extras },
  { instruction: 'a', output: 'b', kto_tag: false },
];

const VALUES: readonly unknown[] = [
  ...[null, '', ' ', 'a', 0, 1, -1.5, true, false, [], {}, [null], [[]], [{}], '[]', '{}', '\ud83d', '<image>'],
  ...['system', 'developer', 'function', 'function_call', 'observation', 'text', 'image', 'tool_call', 'constructor'],
  ...['{"name": "f", "arguments": "x"}', [{ name: 'f' }], { name: 'f', arguments: [] }, { url: 'a' }, [call], [answer]],
];

describe('records that fit a format', () => {
  it('are read and converted without a crash, and what comes out fits its format', () => {
    const random = createRandom(7, 1);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)]!;
    const mutated = (value: unknown): unknown => {
      if (random.next() < 0.15 || typeof value !== 'object' || value === null) return pick(VALUES);
      if (Array.isArray(value)) {
        const at = Math.floor(random.next() * value.length);
        if (random.next() < 0.3) return value.toSpliced(at, 1);
        return value.map((item: unknown, i) => (i === at ? mutated(item) : item));
      }
      const keys = Object.keys(value);
      if (keys.length === 0) return pick(VALUES);
      const key = pick(keys);
      const record = { ...(value as Raw) };
      if (random.next() < 0.3) delete record[key];
      else record[key] = mutated(record[key]);
      return record;
    };
    const seen = new Map<string, number>();
    for (let i = 0; i < 1500; i++) {
      let record = pick(SEEDS);
      for (let times = 0; times < i % 3; times++) record = mutated(record) as Raw;
      if (typeof record !== 'object' || record === null) continue;
      for (const format of FORMATS) {
        expect(checkShape(format.shape, record).length === 0).toBe(fits(format.shape, record));
        if (!fits(format.shape, record)) continue;
        const example = format.toExample(record);
        for (const { pointer, rolePointer } of format.turns(record))
          expect([valueAt(record, pointer), valueAt(record, rolePointer)]).not.toContain(undefined);
        if (format.id === 'preference') expect(toPair(record).chosen).toEqual(example);
        for (const { id } of FORMATS)
          for (const style of id === 'preference' ? STYLES : [STYLES[0]]) {
            const result = convertRecord(record, format, id, style);
            seen.set(`${format.id} ${result.kind}`, (seen.get(`${format.id} ${result.kind}`) ?? 0) + 1);
            if (result.kind !== 'converted') continue;
            for (const one of result.records) {
              const problems = checkShape(formatById(id).shape, one).map(({ message }) => message);
              expect([problems, problems.length === 0 || record]).toEqual([[], true]);
            }
            const written = formatById(id).toExample(result.records[0]!);
            // Plain texts become a dialogue where the new format has nothing else.
            if (written?.kind !== example?.kind) continue;
            if (read(written) !== read(example))
              expect([record, id, style, read(written)]).toEqual([record, id, style, read(example)]);
          }
      }
    }
    for (const { id } of FORMATS) expect(seen.get(`${id} converted`)).toBeGreaterThan(20);
  });
});

/** The place of a picture is a part in one format and a word in another; how many there are is not compared. */
function read(example: Example | undefined): string {
  const text = JSON.stringify(meaning(example)) ?? '';
  return text.replaceAll('<image>', '').replace(/,"media":\d+/g, '') + String(text.includes('"media":'));
}

function valueAt(record: unknown, pointer: string): unknown {
  let value = record;
  for (const key of pointer.split('/').slice(1)) value = (value as Readonly<Record<string, unknown>>)[key];
  return value;
}
