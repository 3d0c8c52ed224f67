import fc from 'fast-check';

const text = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    'What is the weather like in Bonn?',
    'The sun shines all day long.',
    'a "quote" \\ and\nline',
    '🙂é\u2028',
    'yes ',
  ),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
);
const content = fc.oneof(
  { weight: 8, arbitrary: text },
  fc.constantFrom<unknown>(4, 1.5, true, null, [], {}, ['a', 'b']),
  text.map((value) => [{ type: 'text', text: value }]),
  text.map((value) => ({ type: 'text', text: value })),
);
const role = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('user', 'assistant') },
  fc.constantFrom<unknown>('system', 'tool', 'human', 'gpt', 'Assistant', 'asistant', 'usr', 'nobody', 3),
);
const args = fc.oneof(
  fc.constantFrom<unknown>(
    '{}',
    '{"city": "Bonn"}',
    '{"city": "Bonn", "days": "2"}',
    "{'city': 'Bonn'}",
    '',
    '[1]',
    '"{\\"city\\": \\"Ulm\\"}"',
    { city: 'Bonn' },
    { city: 5 },
  ),
);
const call = fc.record(
  {
    id: fc.constantFrom('a', 'b'),
    type: fc.constant('function'),
    function: fc.record({ name: fc.constantFrom('weather', 'wether', 'other'), arguments: args }),
  },
  { requiredKeys: ['function'] },
);
const message = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record(
      {
        role,
        content,
        weight: fc.constantFrom<unknown>(0, 1, 0.5, '1', true, null),
        name: fc.constantFrom('Ana', 'Ben'),
        timestamp: fc.constant(1),
        reasoning: text,
      },
      { requiredKeys: ['role', 'content'] },
    ),
  },
  fc.record({ from: fc.constantFrom('human', 'gpt', 'system', 'nobody'), value: content }),
  fc.record({
    role: fc.constant('assistant'),
    content: fc.constantFrom(null, 'Let me see.'),
    tool_calls: fc.array(call, { minLength: 1, maxLength: 2 }),
  }),
  fc.record(
    { role: fc.constant('tool'), tool_call_id: fc.constantFrom('a', 'b', 'c'), content: text },
    { requiredKeys: ['role', 'content'] },
  ),
  fc.record({ role }),
  fc.record({ content }),
);
const tool = fc.constantFrom<unknown>(
  {
    type: 'function',
    function: {
      name: 'weather',
      parameters: {
        type: 'object',
        properties: { city: { type: 'string' }, days: { type: 'integer' } },
        required: ['city'],
      },
    },
  },
  { name: 'other', parameters: {} },
  { type: 'function', function: { description: 'It has no name.' } },
  { type: 'retrieval' },
);
const messages = fc.array(message, { maxLength: 6 });
/** Messages that have the right shape: what is wrong with them is what they say. */
const shapedMessages = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ role: fc.constantFrom('user', 'assistant'), content: text }) },
    fc.record({ role: fc.constantFrom('system', 'user'), content: text }),
    fc.record({ role: fc.constant('assistant'), content: text, weight: fc.constantFrom(0, 1) }),
    fc.record({ role: fc.constant('assistant'), tool_calls: fc.array(call, { minLength: 1, maxLength: 2 }) }),
    fc.record(
      { role: fc.constant('tool'), tool_call_id: fc.constantFrom('a', 'b', 'c'), content: text },
      { requiredKeys: ['role', 'content'] },
    ),
  ),
  { minLength: 1, maxLength: 7 },
);
const tools = fc.array(tool, { maxLength: 2 });
const record = fc.oneof(
  { weight: 10, arbitrary: fc.record({ messages: shapedMessages, tools }, { requiredKeys: ['messages'] }) },
  fc.record({ prompt: shapedMessages, completion: shapedMessages, tools }, { requiredKeys: ['prompt', 'completion'] }),
  fc.record({ instruction: text, output: text }),
  {
    weight: 5,
    arbitrary: fc.record(
      { messages, tools: fc.array(tool, { maxLength: 2 }), id: fc.nat() },
      { requiredKeys: ['messages'] },
    ),
  },
  fc.record({ conversations: messages, system: text }, { requiredKeys: ['conversations'] }),
  fc.record(
    { instruction: content, input: content, output: content, ouput: text, response: text, source: text, extra: text },
    { requiredKeys: ['instruction'] },
  ),
  fc.record({ prompt: fc.oneof(text, messages), completion: fc.oneof(text, messages) }),
  fc.record({ question: text, answer: text }),
  fc.record({ text: content }),
  fc.constantFrom<unknown>(
    'a text',
    null,
    7,
    [],
    [{ text: 'One record.' }, { text: 'Another one.' }],
    '{"text": "twice"}',
  ),
);

/** A line as somebody may have written it: with other spacing, repeated keys, or slips that make it no JSON. */
const line = fc.tuple(record, fc.nat({ max: 19 })).map(([value, style]) => {
  const compact = JSON.stringify(value);
  switch (style) {
    case 0:
      return JSON.stringify(value, undefined, 1).replaceAll('\n', ' ');
    case 1:
      return compact.replace(/\}$/, ',}');
    case 2:
      return compact + ',';
    case 3:
      return compact.replace(/^\{("\w+":)/, '{$1"lost",$1');
    case 4:
      return compact.replace(/("\w+":(?:\d+|true))/, '$1,$1');
    case 5:
      return compact.slice(0, -1);
    case 6:
      return compact.replace(/[a-z] [a-z]/, 'a\tb');
    case 7:
      return compact.replaceAll('true', 'True').replaceAll('null', 'None');
    case 8:
      return compact + compact;
    case 9:
      return compact.replace('a', '\\ud83d');
    case 10:
      return ' \t';
    default:
      return compact;
  }
});

/** Text of a file with a few records, of one format or of several. */
export const file = fc
  .tuple(fc.array(line, { minLength: 1, maxLength: 4 }), fc.constantFrom('\n', '\r\n'), fc.boolean())
  .map(([lines, end, closed]) => lines.join(end) + (closed ? end : ''));
