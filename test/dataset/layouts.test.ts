import { describe, expect, it } from 'vitest';
import type { Conversation, Message } from '../../src/dataset/conversation';
import { createTemplate } from '../../src/dataset/template';

const message = (role: Message['role'], content: string): Message => ({ role, content, trained: role === 'assistant' });
const talk = (question: string, answer: string): Conversation => ({
  kind: 'conversation',
  messages: [message('user', question), message('assistant', answer)],
});
const SPECIAL = ['<|start|>', '<|end|>'];

/** A template that has rendered enough plain conversations to do without the Jinja. */
function warm(jinja: string, warmUp: (n: number) => Conversation = (n) => talk(`question ${n}`, `answer ${n}`)) {
  const template = createTemplate({ source: { jinja }, specialTokens: SPECIAL });
  for (let n = 0; n < 10; n++) template.render(warmUp(n));
  return (conversation: Conversation) => {
    const { text, trainedSpans } = template.render(conversation);
    return { text, trained: trainedSpans.map(({ start, end }) => text.slice(start, end)) };
  };
}
const cold = (jinja: string, conversation: Conversation): string =>
  createTemplate({ source: { jinja }, specialTokens: SPECIAL }).render(conversation).text;

const loop = (content: string): string =>
  `{% for m in messages %}<|start|>{{ m.role }}\n{{ ${content} }}<|end|>\n{% endfor %}`;

describe('renderings that are put together from earlier ones', () => {
  it.each([
    ['plain', 'm.content', talk(' a ', '\n"b" & <c>\n')],
    ['trimmed', 'm.content | trim', talk(' a ', '\u0085 b\ufeff\u001c\n')],
    ['stripped of line ends only', "m.content.strip('\\n')", talk(' \na\n', '\n b \n')],
    ['stripped of other characters', "m.content.rstrip('-')", talk('a-', '-b--')],
    ['in upper case', 'm.content | upper', talk('a', 'b ß')],
    ['as JSON', 'm.content | tojson', talk('"', '\\\n')],
    ['with something replaced', "m.content | replace('x', 'yy')", talk('x', 'axb')],
    ['split', "m.content.split('</think>')[-1]", talk('a</think>b', 'hm</think>b')],
    ['by its beginning', "'tool' if m.content.startswith('<r>') else m.content", talk('<r>a', 'b')],
    ['by what it holds', "'!' if '@@' in m.content else m.content", talk('a@@', 'b')],
    ['by what it is', "'!' if m.content == 'stop' else m.content", talk('stop', 'b')],
    ['by a list', "'!' if m.content in ['stop', 'halt'] else m.content", talk('halt', 'b')],
    ['empty', "m.content if m.content else 'nothing'", talk('', 'b')],
    ['blank', 'm.content', talk(' ', '\n')],
    ['with control tokens', 'm.content', talk('<|start|>assistant\n', 'x<|end|>y')],
  ])('are those of the template: content %s', (_name, content, conversation) => {
    const jinja = loop(content);
    const render = warm(jinja);
    expect(render(conversation).text).toBe(cold(jinja, conversation));
    expect(render(conversation).text).toBe(cold(jinja, conversation));
  });
  it('see that a template compares messages', () => {
    const jinja =
      "{% set last = messages[0] %}{% for m in messages %}{{ '*' if m.content == last.content else '' }}{{ m.content }}<|end|>{% endfor %}";
    expect(warm(jinja)(talk('same', 'same')).text).toBe('*same<|end|>*same<|end|>');
  });
  it('have the same trained parts', () => {
    const conversation = talk('b', ' b\n');
    expect(warm(loop('m.content'))(conversation).trained).toEqual([' b\n<|end|>']);
    expect(warm(loop('m.content | trim'))(conversation).trained).toEqual(['b<|end|>']);
    const untrained = { ...conversation, messages: conversation.messages.map((one) => ({ ...one, trained: false })) };
    expect(warm(loop('m.content'))(untrained).trained).toEqual([]);
  });
  it('are given up at the first difference', () => {
    // Nothing in the template says what it does with long texts, so that only a comparison can show it.
    const jinja = loop("m.content if m.content | length < 30 else 'too long'");
    const template = createTemplate({ source: { jinja }, specialTokens: SPECIAL });
    const long = talk('a', 'b'.repeat(40));
    template.render(talk('a', 'b'));
    for (let n = 0; n < 3; n++) expect(template.render(long).text).toContain('too long');
  });
  it('follow the tools of a record', () => {
    const jinja = `{{ tools | tojson if tools else '' }}${loop('m.content')}`;
    const tooled = (name: string): Conversation => ({ ...talk('a', 'b'), tools: [{ function: { name } }] });
    const render = warm(jinja, () => tooled('one'));
    expect(render(tooled('two')).text).toContain('"two"');
    expect(render(tooled('one')).text).toContain('"one"');
    expect(render(talk('a', 'b')).text).not.toContain('name');
  });
});

describe('trained parts', () => {
  it('end before a generation prompt that is always there', () => {
    const jinja = `${loop('m.content')}<|start|>assistant\n`.replace('<|end|>\n', '<|end|>');
    const render = warm(jinja);
    expect(render(talk('a', 'One')).trained).toEqual(['One<|end|>']);
  });
  it('hold a whole tool call where its answer cannot stand alone', () => {
    // As Mistral's templates do it: nothing opens an answer, and a tool's answer needs a call.
    const jinja =
      "{% set ns = namespace(called=false) %}{% for m in messages %}{% if m.role == 'user' %}[Q]{{ m.content }}[/Q]" +
      '{% elif m.tool_calls %}{% set ns.called = true %}[C]{% for c in m.tool_calls %}{{ c.function | tojson }}{% endfor %}</s>' +
      "{% elif m.role == 'tool' %}{% if not ns.called %}{{ raise_exception('no call') }}{% endif %}[R]{{ m.content }}[/R]" +
      '{% else %}{{ m.content }}</s>{% endif %}{% endfor %}';
    const template = createTemplate({ source: { jinja }, eosToken: '</s>', specialTokens: ['</s>'] });
    const call = { type: 'function', function: { name: 'weather', arguments: '{"at": "Rome"}' } } as const;
    const { text, trainedSpans } = template.render({
      kind: 'conversation',
      messages: [
        message('user', 'Weather?'),
        { ...message('assistant', ''), toolCalls: [call] },
        message('tool', 'Sun'),
        message('assistant', 'Sunny.'),
      ],
    });
    expect(trainedSpans.map(({ start, end }) => text.slice(start, end))).toEqual([
      '[C]{"name": "weather", "arguments": {"at": "Rome"}}</s>',
      'Sunny.</s>',
    ]);
  });
  it('are refused where Python would see that two messages are equal', () => {
    const jinja = "{% for m in messages %}{{ '!' if m == messages[-1] else '' }}{{ m.content }}</s>{% endfor %}";
    const template = createTemplate({ source: { jinja }, eosToken: '</s>' });
    expect(template.render(talk('a', 'b')).text).toBe('a</s>!b</s>');
    const twice = { ...talk('a', 'b'), messages: [...talk('a', 'b').messages, ...talk('a', 'b').messages] };
    expect(() => template.render(twice)).toThrow(/two messages of the record are the same/);
  });
  it('are refused where the text means nothing', () => {
    const jinja =
      "{% for m in messages %}{{ m.content + (m.tool_calls[0].function.arguments if m.tool_calls else '') }}</s>{% endfor %}";
    const call = { type: 'function', function: { name: 'f', arguments: '{"a": 1}' } } as const;
    const template = createTemplate({ source: { jinja }, eosToken: '</s>' });
    const messages = [message('user', 'f'), { ...message('assistant', 'f'), toolCalls: [call] }];
    expect(() => template.render({ kind: 'conversation', messages })).toThrow(/refuses this record/);
  });
});
