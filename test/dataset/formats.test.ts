// Long because every way of writing a record is held against the same few questions.
import { describe, expect, it } from 'vitest';
import { detectFormat, foreignFormat, formatById, FORMATS, type FormatId } from '../../src/dataset/formats';
import { toPair } from '../../src/dataset/formats/preference';
import { encodeExample } from '../../src/dataset/labels';
import { checkShape } from '../../src/dataset/shape';
import { createTemplate } from '../../src/dataset/template';
import { lintText } from '../../src/dataset-lsp/linter';
import { errorsIn, hasRealFiles, REAL_FILES, realRecords, WHY_SKIPPED } from './real-files';
import { tokenizerOf } from './dump';

type Raw = Readonly<Record<string, unknown>>;

const user = (content: unknown): Raw => ({ role: 'user', content });
const assistant = (content: unknown, rest: Raw = {}): Raw => ({ role: 'assistant', content, ...rest });
const human = (value: string): Raw => ({ from: 'human', value });
const gpt = (value: string): Raw => ({ from: 'gpt', value });

const formatOf = (record: Raw): FormatId | undefined => {
  const detection = detectFormat(record);
  return detection.kind === 'known' ? detection.format.id : undefined;
};
const problemsOf = (record: Raw): readonly string[] =>
  checkShape(formatById(formatOf(record)!).shape, record).map(({ pointer, message }) => `${pointer} ${message}`);
const exampleOf = (record: Raw) => formatById(formatOf(record)!).toExample(record);
/** `role: text`, an asterisk where it is trained. */
const saidIn = (record: Raw): string[] => {
  const example = exampleOf(record);
  if (!example) return [];
  if (example.kind === 'plain') return [`${example.masked}|${example.trained}`];
  return example.messages.map(({ role, content, trained }) => `${role}${trained ? '*' : ''}: ${content}`);
};
const turnsOf = (record: Raw): string[] =>
  formatById(formatOf(record)!)
    .turns(record)
    .map(({ side, pointer, text, trained }) => `${side}${trained ? '*' : ''} ${pointer} ${text}`);

describe('detection', () => {
  it('knows every format by its keys', () => {
    for (const [record, id] of [
      [{ conversations: [] }, 'sharegpt'],
      [{ prompt: 'a', chosen: 'b', rejected: 'c' }, 'preference'],
      [{ chosen: 'b', rejected: 'c' }, 'preference'],
      [{ conversations: [], chosen: {}, rejected: {} }, 'preference'],
      [{ input: {}, preferred_output: [], non_preferred_output: [] }, 'preference'],
      [{ chosen_messages: [], rejected_messages: [] }, 'preference'],
      [{ prompt: 'a', completion: 'b', label: true }, 'unpaired-preference'],
      [{ prompt: 'a', completion: 'b', label: 'False' }, 'unpaired-preference'],
      [{ messages: [], label: false }, 'unpaired-preference'],
      [{ instruction: 'a', output: 'b', kto_tag: true }, 'unpaired-preference'],
      [{ prompt: 'a', completion: 'b', label: 'billing' }, 'completion'],
      [{ messages: [], label: 'billing' }, 'chat'],
      [{ instruction: 'a', output: 'b', label: true }, 'instruction'],
      [{ chosen: 'b' }, undefined],
      [{ question: 'a', answer: 'b' }, undefined],
    ] as const)
      expect([record, formatOf(record)]).toEqual([record, id]);
  });
  it('does not read a bad answer as a good one unless it is told to', () => {
    const bad = { prompt: 'a', completion: 'b', label: false };
    expect(foreignFormat(bad, formatById('completion'), false, false)?.id).toBe('unpaired-preference');
    expect(foreignFormat(bad, formatById('completion'), false, true)).toBeUndefined();
    expect(foreignFormat(bad, formatById('chat'), true, true)?.id).toBe('unpaired-preference');
    expect(foreignFormat({ text: 'a', messages: [] }, formatById('text'), false, false)).toBeUndefined();
  });
  it('has each format once', () => {
    expect(new Set(FORMATS.map(({ id }) => id)).size).toBe(7);
  });
});

describe('sharegpt', () => {
  it('trains what gpt says, by any of its names', () => {
    const record = {
      system: 'Be kind.',
      conversations: [
        human('Hi'),
        gpt('Hello!'),
        { from: 'user', value: 'Bye' },
        { from: 'chatgpt', value: 'See you.' },
      ],
    };
    expect(problemsOf(record)).toEqual([]);
    expect(saidIn(record)).toEqual([
      'system: Be kind.',
      'user: Hi',
      'assistant*: Hello!',
      'user: Bye',
      'assistant*: See you.',
    ]);
    expect(turnsOf(record)).toEqual([
      'prompt /system Be kind.',
      'prompt /conversations/0 Hi',
      'answer* /conversations/1 Hello!',
      'prompt /conversations/2 Bye',
      'answer* /conversations/3 See you.',
    ]);
    expect(formatById('sharegpt').turns(record)[1]).toMatchObject({
      rolePointer: '/conversations/0/from',
      texts: [{ pointer: '/conversations/0/value', text: 'Hi' }],
    });
  });
  it('reads calls and tools that are written as JSON', () => {
    const record = {
      conversations: [
        human('Weather in Rome and Bonn?'),
        {
          from: 'function_call',
          value:
            '[{"name": "weather", "arguments": {"city": "Rome"}}, {"name": "weather", "arguments": {"city": "Bonn"}}]',
        },
        { from: 'observation', value: '[21, 17]' },
        gpt('21 and 17 degrees.'),
      ],
      tools: '[{"name": "weather", "parameters": {"type": "object"}}]',
    };
    expect(problemsOf(record)).toEqual([]);
    const example = exampleOf(record);
    expect(example).toMatchObject({
      tools: [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }],
      messages: [
        { role: 'user' },
        {
          role: 'assistant',
          content: '',
          trained: true,
          toolCalls: [
            { function: { name: 'weather', arguments: '{"city":"Rome"}' } },
            { function: { name: 'weather', arguments: '{"city":"Bonn"}' } },
          ],
        },
        { role: 'tool', content: '[21, 17]', trained: false },
        { role: 'assistant', content: '21 and 17 degrees.', trained: true },
      ],
    });
    expect(
      formatById('sharegpt')
        .turns(record)
        .map((turn) => turn.callsTools),
    ).toEqual([false, true, false, false]);
  });
  it('reads messages as OpenAI writes them, and weights', () => {
    const record = { conversations: [user('Hi'), assistant('Hello!', { weight: 0 }), assistant('Good day.')] };
    expect(problemsOf(record)).toEqual([]);
    expect(saidIn(record)).toEqual(['user: Hi', 'assistant: Hello!', 'assistant*: Good day.']);
  });
  it('says what is wrong in the spelling that is used', () => {
    expect(problemsOf({ conversations: [{ from: 'Human', value: 'Hi' }, { value: 'x' }, { role: 'user' }] })).toEqual([
      '/conversations/0/from Unknown role "Human". Write "human".',
      expect.stringContaining('/conversations/1 "conversations[1]" has no field "from"'),
      expect.stringContaining('/conversations/2 "conversations[2]" has no field "value"'),
    ]);
    expect(problemsOf({ conversations: [] })).toHaveLength(1);
  });
});

describe('preference', () => {
  const prompt = [user('Name a colour.')];
  const cases: readonly (readonly [string, Raw])[] = [
    ['TRL', { prompt, chosen: [assistant('Green.')], rejected: [assistant('Paris.')] }],
    ['TRL, implicit prompt', { chosen: [...prompt, assistant('Green.')], rejected: [...prompt, assistant('Paris.')] }],
    [
      'TRL, the prompt said twice',
      {
        prompt: 'Name a colour.',
        chosen: [...prompt, assistant('Green.')],
        rejected: [...prompt, assistant('Paris.')],
      },
    ],
    [
      'a text and messages',
      { prompt: 'Name a colour.', chosen: [assistant('Green.')], rejected: [assistant('Paris.')] },
    ],
    ['LLaMA-Factory', { conversations: [human('Name a colour.')], chosen: gpt('Green.'), rejected: gpt('Paris.') }],
    ['LLaMA-Factory, Alpaca', { instruction: 'Name a colour.', input: '', chosen: 'Green.', rejected: 'Paris.' }],
    [
      'OpenAI',
      {
        input: { messages: prompt },
        preferred_output: [assistant('Green.')],
        non_preferred_output: [assistant('Paris.')],
      },
    ],
    [
      'LLaMA-Factory, whole dialogues',
      {
        chosen_messages: [
          { role: 'user', content: [{ type: 'text', value: 'Name a colour.' }], loss_weight: 0 },
          { role: 'assistant', content: [{ type: 'text', value: 'Green.' }], loss_weight: 1 },
        ],
        rejected_messages: [
          { role: 'user', content: [{ type: 'text', value: 'Name a colour.' }], loss_weight: 0 },
          { role: 'assistant', content: [{ type: 'text', value: 'Paris.' }], loss_weight: 1 },
        ],
      },
    ],
  ];
  it.each(cases)('reads both answers: %s', (_name, record) => {
    expect(problemsOf(record)).toEqual([]);
    const pair = toPair(record);
    if (pair.kind !== 'conversation') throw new Error('a conversation is expected');
    const said = (end: typeof pair.chosen): string[] =>
      end.messages.map(({ role, content, trained }) => `${role}${trained ? '*' : ''}: ${content}`);
    expect(pair.prompt.map(({ content }) => content)).toEqual(['Name a colour.']);
    expect(said(pair.chosen)).toEqual(['user: Name a colour.', 'assistant*: Green.']);
    expect(said(pair.rejected)).toEqual(['user: Name a colour.', 'assistant*: Paris.']);
    expect(exampleOf(record)).toEqual(pair.chosen);
    expect(turnsOf(record).map((turn) => turn.replace(/ \S+/, ''))).toEqual([
      'prompt Name a colour.',
      'chosen* Green.',
      'rejected Paris.',
    ]);
    expect(lintText(`${JSON.stringify(record)}\n`).problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  });
  it('points at every answer', () => {
    expect(turnsOf(cases[1]![1])).toEqual([
      'prompt /chosen/0 Name a colour.',
      'chosen* /chosen/1 Green.',
      'rejected /rejected/1 Paris.',
    ]);
    expect(turnsOf(cases[4]![1])).toEqual([
      'prompt /conversations/0 Name a colour.',
      'chosen* /chosen Green.',
      'rejected /rejected Paris.',
    ]);
  });
  it('reads texts, with and without a prompt', () => {
    expect(toPair({ prompt: 'The sky is', chosen: ' blue.', rejected: ' green.' })).toEqual({
      kind: 'plain',
      prompt: 'The sky is',
      chosen: { kind: 'plain', masked: 'The sky is', trained: ' blue.' },
      rejected: { kind: 'plain', masked: 'The sky is', trained: ' green.' },
    });
    // As TRL's extract_prompt cuts it: the space belongs to the answers.
    expect(toPair({ chosen: 'The sky is blue.', rejected: 'The sky is green.' })).toMatchObject({
      prompt: 'The sky is',
      chosen: { trained: ' blue.' },
      rejected: { trained: ' green.' },
    });
    const pair = toPair({ chosen: 'Smile: 😀', rejected: 'Smile: 😁' });
    expect(pair.prompt).toBe('Smile:');
  });
  it('takes the system message and earlier answers into the prompt, untrained', () => {
    const record = {
      system: 'Be brief.',
      prompt: [user('Hi'), assistant('Hello!'), user('Bye')],
      chosen: [assistant('See you.')],
      rejected: [assistant('No.')],
    };
    expect(saidIn(record)).toEqual([
      'system: Be brief.',
      'user: Hi',
      'assistant: Hello!',
      'user: Bye',
      'assistant*: See you.',
    ]);
  });
  it("carries OpenAI's tools", () => {
    const tools = [{ type: 'function', function: { name: 'f' } }];
    const record = {
      input: { messages: [user('Hi')], tools, parallel_tool_calls: true },
      preferred_output: [assistant('Hello!')],
      non_preferred_output: [assistant('No.')],
    };
    expect(problemsOf(record)).toEqual([]);
    expect(exampleOf(record)).toMatchObject({ tools });
  });
});

describe('unpaired-preference', () => {
  it('trains the answers that are good', () => {
    expect(saidIn({ prompt: 'Hi ', completion: 'there', label: true })).toEqual(['Hi |there']);
    expect(saidIn({ messages: [user('Hi'), assistant('Hello!')], label: true })).toEqual([
      'user: Hi',
      'assistant*: Hello!',
    ]);
    expect(saidIn({ conversations: [human('Hi'), gpt('Hello!')], kto_tag: true })).toEqual([
      'user: Hi',
      'assistant*: Hello!',
    ]);
    const bad = { messages: [user('Hi'), assistant('Hello!')], label: false };
    expect(exampleOf(bad)).toBeUndefined();
    expect(turnsOf(bad)).toEqual(['prompt /messages/0 Hi', 'answer /messages/1 Hello!']);
  });
  it('asks for the keys of the spelling that is used', () => {
    const { shape } = formatById('unpaired-preference');
    const missing = (record: Raw): string[] => checkShape(shape, record).map(({ message }) => message);
    expect(missing({ prompt: 'a', label: true })).toEqual([expect.stringContaining('"completion"')]);
    expect(missing({ messages: [user('a')] })).toEqual([expect.stringContaining('"label"')]);
    expect(missing({ instruction: 'a', output: 'b', kto_tag: true })).toEqual([]);
  });
});

describe('chat', () => {
  it('reads the parts of a content', () => {
    const record = {
      messages: [
        user([
          { type: 'text', text: 'What is on ' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==', detail: 'low' } },
          { type: 'text', text: 'it?' },
        ]),
        assistant([{ type: 'refusal', refusal: 'I would rather not say.' }], { weight: 1 }),
        assistant(null, { refusal: 'Not now.' }),
      ],
      parallel_tool_calls: false,
    };
    expect(problemsOf(record)).toEqual([]);
    expect(exampleOf(record)).toMatchObject({
      messages: [
        { content: 'What is on it?', media: 1 },
        { content: 'I would rather not say.' },
        { content: 'Not now.' },
      ],
    });
    expect(
      formatById('chat')
        .turns(record)
        .flatMap(({ texts }) => texts.map(({ pointer }) => pointer)),
    ).toEqual([
      '/messages/0/content/0/text',
      '/messages/0/content/2/text',
      '/messages/1/content/0/refusal',
      '/messages/2/refusal',
    ]);
  });
  it('refuses parts that nothing is known of', () => {
    expect(problemsOf({ messages: [user([{ type: 'hologram' }]), assistant([{ type: 'text' }])] })).toEqual([
      expect.stringContaining('/messages/0/content/0/type'),
      expect.stringContaining('/messages/1/content/0 '),
    ]);
  });
  it('hands reasoning to the template, which must write it', () => {
    const record = { messages: [user('2 + 2?'), assistant('4', { reasoning_content: 'Two pairs.' })] };
    expect(problemsOf(record)).toEqual([]);
    const example = exampleOf(record);
    if (example?.kind !== 'conversation') throw new Error('a conversation is expected');
    const { text, trainedSpans } = createTemplate({ source: 'chatml' }).render(example);
    expect(trainedSpans.map(({ start, end }) => text.slice(start, end)).join('')).toBe(
      '<think>\nTwo pairs.\n</think>\n\n4<|im_end|>',
    );
    const silent = "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}";
    expect(() => createTemplate({ source: { jinja: silent } }).render(example)).toThrow('reasoning');
    const thinking = { messages: [user('2 + 2?'), assistant('4', { thinking: 'Two pairs.' })] };
    expect(exampleOf(thinking)).toEqual(example);
  });
  it("reads LLaMA-Factory's parts", () => {
    const record = {
      messages: [
        { role: 'user', content: [{ type: 'text', value: 'Weather in Rome?' }], loss_weight: 0 },
        {
          role: 'assistant',
          content: [
            { type: 'reasoning', value: 'I must look.' },
            { type: 'tool_call', value: '{"name": "weather", "arguments": {"city": "Rome"}}' },
          ],
          loss_weight: 1,
        },
        { role: 'tool', content: [{ type: 'text', value: '21' }] },
        { role: 'assistant', content: [{ type: 'text', value: 'It is 21 degrees.' }], loss_weight: 0 },
      ],
      tools: '[{"type": "function", "function": {"name": "weather"}}]',
    };
    expect(problemsOf(record)).toEqual([]);
    expect(exampleOf(record)).toMatchObject({
      tools: [{ function: { name: 'weather' } }],
      messages: [
        { content: 'Weather in Rome?' },
        {
          content: '',
          reasoning: 'I must look.',
          toolCalls: [{ function: { name: 'weather', arguments: '{"city":"Rome"}' } }],
          trained: true,
        },
        { role: 'tool', content: '21' },
        { trained: false },
      ],
    });
  });
  it('reads the older way of calling', () => {
    const record = {
      messages: [user('Hi'), assistant(null, { function_call: { name: 'f', arguments: '{}' } })],
      functions: [{ name: 'f', parameters: {} }],
    };
    expect(problemsOf(record)).toEqual([]);
    expect(exampleOf(record)).toMatchObject({
      tools: [{ type: 'function', function: { name: 'f', parameters: {} } }],
      messages: [{}, { toolCalls: [{ function: { name: 'f', arguments: '{}' } }] }],
    });
  });
});

describe('pictures and recordings', () => {
  const options = {
    tokenizer: tokenizerOf('llama2'),
    template: createTemplate({ source: 'chatml' }),
    maxLength: 100,
    line: 1,
  };
  it.each([
    { messages: [user([{ type: 'image' }, { type: 'text', text: 'What?' }]), assistant('A door.')], images: ['a.png'] },
    { messages: [user('What?'), assistant('A door.')], images: ['a.png'] },
    { conversations: [human('<image>What?'), gpt('A door.')], images: ['a.png'] },
    { conversations: [human('<audio>What?'), gpt('A door.')], audios: ['a.wav'] },
    { instruction: '<image>What?', output: 'A door.', images: ['a.png'] },
    { prompt: '<image>What?', completion: 'A door.', images: ['a.png'] },
    { prompt: '<image>What?', chosen: 'A door.', rejected: 'No.', images: ['a.png'] },
    { messages: [user([{ type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } }]), assistant('A door.')] },
  ])('cannot be trained: %j', (record) => {
    expect(problemsOf(record)).toEqual([]);
    const example = exampleOf(record)!;
    expect(() => encodeExample(example, options)).toThrow('The record has a picture or recording');
    const found = lintText(`${JSON.stringify(record)}\n`, { encode: options }).problems;
    expect(found.filter(({ severity }) => severity === 'error').map(({ rule }) => rule)).toEqual(['nothing-to-train']);
  });
  it('an empty list is none', () => {
    const example = exampleOf({ messages: [user('What?'), assistant('A door.')], images: [] })!;
    expect(encodeExample(example, options).tokens.length).toBeGreaterThan(0);
  });
});

describe.skipIf(!hasRealFiles)(`real files${hasRealFiles ? '' : ` (${WHY_SKIPPED})`}`, () => {
  it.each(REAL_FILES)('$name is $format', ({ name, format, records }) => {
    const list = realRecords(name);
    expect(list).toHaveLength(records);
    for (const record of list) expect(formatOf(record)).toBe(format);
    // One record of this file gives a list where its own tool definition wants a number.
    const wrong = name === 'glaive_toolcall_en_demo.json' ? ['260 invalid-tool-call'] : [];
    expect(errorsIn(list, format)).toEqual(wrong);
  });
});
