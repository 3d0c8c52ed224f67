import { describe, expect, it } from 'vitest';
import { conversionProblem, convertRecord, type Style } from '../../src/dataset/conversion';
import { detectFormat, formatById, FORMATS, type Format, type FormatId } from '../../src/dataset/formats';
import { losesDigits } from '../../src/dataset/lost-digits';
import { checkShape } from '../../src/dataset/shape';
import { meaning } from './meaning';
import { errorsIn, hasRealFiles, REAL_FILES, realRecords, WHY_SKIPPED } from './real-files';

type Raw = Readonly<Record<string, unknown>>;

const user = (content: unknown): Raw => ({ role: 'user', content });
const assistant = (content: unknown, rest: Raw = {}): Raw => ({ role: 'assistant', content, ...rest });

function formatOf(record: Raw): Format {
  const detection = detectFormat(record);
  if (detection.kind !== 'known') throw new Error(`no format: ${JSON.stringify(record)}`);
  return detection.format;
}

/** The records that a record becomes; fails where it is refused or written wrongly. */
function convert(record: Raw, to: FormatId, style?: Style): readonly Raw[] {
  const result = convertRecord(record, formatOf(record), to, style);
  if (result.kind !== 'converted') throw new Error(JSON.stringify(result));
  for (const one of result.records) {
    expect(formatOf(one).id).toBe(to);
    expect(checkShape(formatById(to).shape, one)).toEqual([]);
  }
  return result.records;
}

function refusal(record: Raw, to: FormatId, style?: Style): string {
  const result = convertRecord(record, formatOf(record), to, style);
  return result.kind === 'refused' ? result.reason : result.kind;
}

function dropped(record: Raw, to: FormatId): readonly string[] {
  const result = convertRecord(record, formatOf(record), to);
  return result.kind === 'converted' ? result.dropped : [];
}

const meant = (record: Raw): unknown => meaning(formatOf(record).toExample(record));

const weather = { type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: {} } } };
const call = (city: string, id?: string): Raw => ({
  ...(id === undefined ? {} : { id }),
  type: 'function',
  function: { name: 'weather', arguments: JSON.stringify({ city }) },
});

const DIALOGUES: Readonly<Record<string, Raw>> = {
  plain: { messages: [{ role: 'system', content: 'Be kind.' }, user('Hi'), assistant('Hello!')] },
  weights: { messages: [user('Hi'), assistant('Hm.', { weight: 0 }), user('Hi!'), assistant('Hello!', { weight: 1 })] },
  parts: {
    messages: [
      user([
        { type: 'text', text: 'Hi ' },
        { type: 'text', text: 'there' },
      ]),
      assistant('Hello!'),
    ],
  },
  calls: {
    messages: [
      user('Weather in Rome and Bonn?'),
      assistant(null, { tool_calls: [call('Rome', 'a'), call('Bonn', 'b')] }),
      { role: 'tool', tool_call_id: 'a', content: '21' },
      { role: 'tool', tool_call_id: 'b', content: '17' },
      assistant('21 and 17.'),
      user('And Ulm?'),
      assistant('', { tool_calls: [call('Ulm')] }),
    ],
    tools: [weather],
  },
  images: {
    messages: [user([{ type: 'text', text: 'What is on ' }, { type: 'image' }]), assistant('A door.')],
    images: ['door.png'],
  },
};

describe('a dialogue in ShareGPT and back', () => {
  it.each(Object.entries(DIALOGUES))('means the same: %s', (_name, record) => {
    const [shareGpt] = convert(record, 'sharegpt');
    expect(meant(convert(shareGpt!, 'chat')[0]!)).toEqual(meant(record));
  });
  it('is written as LLaMA-Factory reads it', () => {
    expect(convert(DIALOGUES['calls']!, 'sharegpt')[0]).toEqual({
      conversations: [
        { from: 'human', value: 'Weather in Rome and Bonn?' },
        {
          from: 'function_call',
          value: '[{"name":"weather","arguments":{"city":"Rome"}},{"name":"weather","arguments":{"city":"Bonn"}}]',
        },
        { from: 'observation', value: '21' },
        { from: 'observation', value: '17' },
        { from: 'gpt', value: '21 and 17.' },
        { from: 'human', value: 'And Ulm?' },
        { from: 'function_call', value: '{"name":"weather","arguments":{"city":"Ulm"}}' },
      ],
      tools: JSON.stringify([weather]),
    });
    expect(convert(DIALOGUES['images']!, 'sharegpt')[0]).toEqual({
      conversations: [
        { from: 'human', value: 'What is on <image>' },
        { from: 'gpt', value: 'A door.' },
      ],
      images: ['door.png'],
    });
  });
  it('keeps images in the order of the text', () => {
    const messages = [
      user([{ type: 'image' }, { type: 'image_url', image_url: { url: 'b.png' } }, { type: 'image' }]),
      assistant('Doors.'),
    ];
    expect(convert({ messages, images: ['a.png', 'c.png'] }, 'sharegpt')[0]).toMatchObject({
      conversations: [{ value: '<image><image><image>' }, {}],
      images: ['a.png', 'b.png', 'c.png'],
    });
  });
  it('gives calls and results the identifiers that OpenAI wants', () => {
    const record = {
      conversations: [
        { from: 'human', value: 'Weather in Rome?' },
        { from: 'function_call', value: '{"name": "weather", "arguments": {"city": "Rome"}}' },
        { from: 'observation', value: '21' },
        { from: 'gpt', value: '21 degrees.' },
      ],
      tools: '[{"name": "weather", "parameters": {}}]',
    };
    expect(convert(record, 'chat')[0]).toEqual({
      messages: [
        user('Weather in Rome?'),
        assistant(null, { tool_calls: [{ ...call('Rome'), id: 'call00001' }] }),
        { role: 'tool', content: '21', tool_call_id: 'call00001' },
        assistant('21 degrees.'),
      ],
      tools: [{ type: 'function', function: { name: 'weather', parameters: {} } }],
    });
  });
});

describe('other ways', () => {
  it('instruction', () => {
    const record = { instruction: 'Translate.', input: 'Guten Tag', output: 'Good day' };
    expect(convert(record, 'chat')).toEqual([{ messages: [user('Translate.\n\nGuten Tag'), assistant('Good day')] }]);
    expect(convert(record, 'sharegpt')[0]).toMatchObject({ conversations: [{ from: 'human' }, { from: 'gpt' }] });
    expect(meant(convert(record, 'completion')[0]!)).toEqual(meant(record));
    expect(convert(convert(record, 'chat')[0]!, 'instruction')).toEqual([
      { instruction: 'Translate.\n\nGuten Tag', output: 'Good day' },
    ]);
  });
  it('completion', () => {
    const texts = { prompt: 'The sky is', completion: ' blue.' };
    expect(convert(texts, 'chat')).toEqual([{ messages: [user('The sky is'), assistant(' blue.')] }]);
    expect(convert(texts, 'instruction')).toEqual([{ instruction: 'The sky is', output: ' blue.' }]);
    const lists = { prompt: [user('Hi'), assistant('Hm.'), user('Hi!')], completion: [assistant('Hello!')] };
    const [written] = convert(lists, 'chat');
    expect(written).toEqual({
      messages: [user('Hi'), assistant('Hm.', { weight: 0 }), user('Hi!'), assistant('Hello!')],
    });
    expect(convert(written!, 'completion')).toEqual([lists]);
    expect(meant(written!)).toEqual(meant(lists));
  });
  it('preference, in both spellings and one by one', () => {
    const trl = {
      prompt: [user('Name a colour.')],
      chosen: [assistant('Green.')],
      rejected: [assistant('Paris.')],
      tools: [weather],
    };
    const [openai] = convert(trl, 'preference', 'openai');
    expect(openai).toEqual({
      input: { messages: trl.prompt, tools: [weather] },
      preferred_output: trl.chosen,
      non_preferred_output: trl.rejected,
    });
    expect(convert(openai!, 'preference')).toEqual([trl]);
    expect(convert(trl, 'unpaired-preference')).toEqual([
      { prompt: trl.prompt, completion: trl.chosen, tools: [weather], label: true },
      { prompt: trl.prompt, completion: trl.rejected, tools: [weather], label: false },
    ]);
    expect(convert(trl, 'chat')).toEqual([{ messages: [...trl.prompt, ...trl.chosen], tools: [weather] }]);
    expect(dropped(trl, 'chat')).toEqual(['the rejected answer']);
    const texts = { chosen: 'The sky is blue.', rejected: 'The sky is green.' };
    expect(convert(texts, 'preference')).toEqual([{ prompt: 'The sky is', chosen: ' blue.', rejected: ' green.' }]);
    expect(convert(texts, 'unpaired-preference')[1]).toEqual({
      prompt: 'The sky is',
      completion: ' green.',
      label: false,
    });
  });
  it('unpaired-preference: the good answers', () => {
    const record = { messages: [user('Hi'), assistant('Hello!')], label: true };
    expect(convert(record, 'chat')).toEqual([{ messages: record.messages }]);
    expect(refusal({ ...record, label: false }, 'chat')).toBe('left-out');
    expect(refusal({ ...record, label: 'true' }, 'chat')).toBe('The "label" is neither true nor false.');
  });
  it("LLaMA-Factory's parts become OpenAI's messages", () => {
    const record = {
      messages: [
        { role: 'user', content: [{ type: 'text', value: 'Weather in Rome?' }], loss_weight: 0 },
        {
          role: 'assistant',
          content: [
            { type: 'reasoning', value: 'I must look.' },
            { type: 'tool_call', value: '{"name": "weather", "arguments": {"city": "Rome"}}' },
          ],
          loss_weight: 0,
        },
        { role: 'tool', content: [{ type: 'text', value: '21' }] },
        { role: 'assistant', content: [{ type: 'text', value: '21 degrees.' }], loss_weight: 1 },
      ],
      tools: JSON.stringify([weather]),
    };
    const [written] = convert(record, 'chat');
    expect(written).toEqual({
      messages: [
        user('Weather in Rome?'),
        assistant(null, {
          weight: 0,
          reasoning_content: 'I must look.',
          tool_calls: [{ ...call('Rome'), id: 'call00001' }],
        }),
        { role: 'tool', content: '21', tool_call_id: 'call00001' },
        assistant('21 degrees.'),
      ],
      tools: [weather],
    });
    expect(meant(written!)).toEqual(meant(record));
  });
});

describe('what cannot be carried', () => {
  it.each<readonly [string, Raw, FormatId, string]>([
    ['tools', { messages: [user('Hi'), assistant('Hello!')], tools: [weather] }, 'instruction', 'no place for tools'],
    ['a system message', DIALOGUES['plain']!, 'instruction', 'this is system, user, assistant.'],
    [
      'several answers',
      { messages: [user('a'), assistant('b'), user('c'), assistant('d')] },
      'completion',
      '2 answers',
    ],
    ['no answer', { messages: [user('a'), assistant('b', { weight: 0 })] }, 'completion', 'no answer that is trained'],
    ['a weight', { messages: [user('a'), assistant('b', { weight: 0 })] }, 'instruction', 'weight 0'],
    ['reasoning', { messages: [user('a'), assistant('b', { reasoning_content: 'c' })] }, 'sharegpt', 'reasoning'],
    [
      'a role',
      { messages: [{ role: 'developer', content: 'a' }, user('b'), assistant('c')] },
      'sharegpt',
      '"developer"',
    ],
    [
      'a text beside a call',
      { messages: [user('a'), assistant('I look.', { tool_calls: [call('Rome')] })] },
      'sharegpt',
      'beside the call',
    ],
    [
      'broken arguments',
      { messages: [user('a'), assistant(null, { tool_calls: [{ function: { name: 'f', arguments: '{' } }] })] },
      'sharegpt',
      'no JSON',
    ],
    [
      'digits',
      {
        messages: [
          user('a'),
          assistant(null, { tool_calls: [{ function: { name: 'f', arguments: '{"n": 12345678901234567890}' } }] }),
        ],
      },
      'sharegpt',
      'more digits',
    ],
    [
      'a recording',
      { messages: [user([{ type: 'input_audio', input_audio: { data: '', format: 'wav' } }]), assistant('b')] },
      'sharegpt',
      'input_audio',
    ],
    ['an image', { messages: [user([{ type: 'image' }]), assistant('b')] }, 'sharegpt', 'no entry in "images"'],
    [
      'no call',
      { conversations: [{ from: 'function_call', value: 'weather()' }] },
      'chat',
      'the call of a tool as JSON',
    ],
    ['no tools', { conversations: [{ from: 'gpt', value: 'a' }], tools: 'weather' }, 'chat', 'no JSON list'],
  ])('refuses the record: %s', (_name, record, to, reason) => {
    expect(refusal(record, to)).toContain(reason);
  });
  it('names keys that have no place', () => {
    const messages = [user('Hi'), { role: 'assistant', content: 'Hello!', name: 'Ada', mood: 'good' }];
    expect(dropped({ messages, id: 7, source: 'mail' }, 'chat')).toEqual(['messages[].mood', 'id', 'source']);
    expect(dropped({ messages, parallel_tool_calls: true }, 'sharegpt')).toEqual([
      'messages[].mood',
      'messages[].name',
      'parallel_tool_calls',
    ]);
    expect(dropped(DIALOGUES['calls']!, 'sharegpt')).toEqual(['messages[].tool_calls[].id', 'messages[].tool_call_id']);
  });
  it('says which formats never become another', () => {
    const possible = FORMATS.flatMap(({ id: from }) =>
      FORMATS.filter(({ id: to }) => conversionProblem(from, to) === undefined).map(({ id: to }) => `${from} ${to}`),
    );
    expect(possible).toContain('preference unpaired-preference');
    expect(possible.filter((pair) => / preference$| text$|^text /.test(pair))).toEqual([
      'preference preference',
      'text text',
    ]);
  });
  it('counts digits', () => {
    expect(losesDigits({ a: [1, 2.5, 1e300 / 3, '12345678901234567890'], b: null })).toBe(true);
    expect(losesDigits({ a: [1, 2.5, 9007199254740991, '12345678901234567890'], b: null })).toBe(false);
  });
});

describe.skipIf(!hasRealFiles)(`real files${hasRealFiles ? '' : ` (${WHY_SKIPPED})`}`, () => {
  const TARGETS: readonly FormatId[] = ['chat', 'sharegpt', 'instruction', 'completion'];
  it.each(REAL_FILES.flatMap(({ name, format }) => TARGETS.map((to) => ({ name, format, to }))))(
    '$name to $to trains the same',
    ({ name, format, to }) => {
      const counts = { converted: 0, 'left-out': 0, refused: 0 };
      const written: Raw[] = [];
      for (const record of realRecords(name)) {
        const result = convertRecord(record, formatById(format), to);
        counts[result.kind]++;
        if (result.kind !== 'converted') continue;
        written.push(result.records[0]!);
        expect(meaning(formatById(to).toExample(result.records[0]!))).toEqual(
          meaning(formatById(format).toExample(record)),
        );
      }
      const few = to === 'instruction' || to === 'completion';
      if (!few && name !== 'reason_tool_use_demo_50.jsonl') expect(counts.refused).toBe(0);
      if (name === 'kto_en_demo.json') expect(counts['left-out']).toBe(150);
      const wrong = name === 'glaive_toolcall_en_demo.json' && !few ? ['260 invalid-tool-call'] : [];
      expect(errorsIn(written, to)).toEqual(wrong);
      for (const record of written) expect(formatOf(record).id).toBe(to);
    },
  );
});
