import { describe, expect, it } from 'vitest';
import type { Conversation, Message } from '../../src/dataset/conversation';
import { chat } from '../../src/dataset/formats/chat';
import { instruction } from '../../src/dataset/formats/instruction';
import { encodeExample, encodePrompt, summarizeExamples } from '../../src/dataset/labels';
import { createTemplate, type ChatTemplate } from '../../src/dataset/template';
import { chatTemplateOf, createTokenizer } from '../../src/dataset/tokenizer';
import { dump, readTokenizer, tokenizerOf } from './dump';

const conversation = (record: Record<string, unknown>): Conversation => chat.toExample(record) as Conversation;
const trained = (template: ChatTemplate, example: Conversation): string[] => {
  const { text, trainedSpans } = template.render(example);
  return trainedSpans.map(({ start, end }) => text.slice(start, end));
};
const smollm2 = tokenizerOf('smollm2');
const chatml = createTemplate({ source: 'chatml', specialTokens: smollm2.specialTokens });

describe('alpaca', () => {
  const alpaca = createTemplate({ source: 'alpaca', eosToken: '</s>' });
  it("is Stanford's text, with and without an input", () => {
    const full = instruction.toExample({ instruction: 'Add.', input: '2, 2', output: '4' }) as Conversation;
    expect(alpaca.render(full).text).toBe(
      'Below is an instruction that describes a task, paired with an input that provides further context. ' +
        'Write a response that appropriately completes the request.\n\n' +
        '### Instruction:\nAdd.\n\n### Input:\n2, 2\n\n### Response:4</s>',
    );
    const bare = instruction.toExample({ instruction: 'Sing.', output: 'La' }) as Conversation;
    expect(alpaca.render(bare).text).toBe(
      'Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n' +
        '### Instruction:\nSing.\n\n### Response:La</s>',
    );
    expect(trained(alpaca, bare)).toEqual(['La</s>']);
    expect(alpaca.renderPrompt(bare.messages.slice(0, 1)) + 'La</s>').toBe(alpaca.render(bare).text);
  });
  it('refuses what it cannot express', () => {
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'tool', content: 'b' },
      { role: 'assistant', content: 'c' },
    ];
    expect(() => alpaca.render(conversation({ messages }))).toThrow(/role "tool"/);
  });
});

describe('chatml', () => {
  it('trains answers of weight 1 and knows tools', () => {
    const example = conversation({
      messages: [
        { role: 'developer', content: 'Be short.' },
        { role: 'user', content: 'Weather?' },
        {
          role: 'assistant',
          content: '',
          tool_calls: [{ function: { name: 'weather', arguments: '{"at": "Rome"}' } }],
        },
        { role: 'tool', content: 'Sun' },
        { role: 'assistant', content: 'Sunny', weight: 0 },
        { role: 'user', content: 'Sure?' },
        { role: 'assistant', content: 'Yes.' },
      ],
      tools: [{ type: 'function', function: { name: 'weather' } }],
    });
    const { text } = chatml.render(example);
    expect(text).toContain('<|im_start|>system\nBe short.\n\n# Tools');
    expect(text).toContain('<tools>\n{"type": "function", "function": {"name": "weather"}}\n</tools>');
    expect(text).toContain('<|im_start|>tool\nSun<|im_end|>\n');
    expect(trained(chatml, example)).toEqual([
      '<tool_call>\n{"name": "weather", "arguments": {"at": "Rome"}}\n</tool_call><|im_end|>',
      'Yes.<|im_end|>',
    ]);
    expect(chatml.endOfTurn).toBe('<|im_end|>');
  });
  it('gives the prompt that the answer follows', () => {
    const example = conversation({
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Hello' },
      ],
    });
    expect(chatml.renderPrompt(example.messages.slice(0, 1)) + 'Hello<|im_end|>\n').toBe(chatml.render(example).text);
  });
  it('finds answers that occur elsewhere in the text', () => {
    const say = (role: string, content: string) => ({ role, content });
    const messages = [
      say('user', 'assistant'),
      say('assistant', 'assistant'),
      say('user', 'n'),
      say('assistant', 'n'),
      say('assistant', '\n'),
    ];
    expect(trained(chatml, conversation({ messages }))).toEqual(['assistant<|im_end|>', 'n<|im_end|>', '\n<|im_end|>']);
  });
});

describe("the model's own template", () => {
  const turns = (...contents: readonly string[]): Conversation =>
    conversation({ messages: contents.map((content, i) => ({ role: i % 2 === 0 ? 'user' : 'assistant', content })) });
  it('names the end of a turn', () => {
    const ends = Object.entries(dump.templates).map(([name, { plain }]) => {
      const tokenizer = tokenizerOf(
        name === 'llama3' ? 'llama3' : name === 'mistral' || name === 'llama2' ? 'llama2' : 'qwen',
      );
      return [
        name,
        createTemplate({
          source: { jinja: plain },
          bosToken: tokenizer.bos?.text,
          eosToken: tokenizer.eos?.text,
          specialTokens: tokenizer.specialTokens,
        }).endOfTurn,
      ];
    });
    expect(Object.fromEntries(ends)).toEqual({
      chatml: '<|im_end|>',
      smollm2: '<|im_end|>',
      qwen3: '<|im_end|>',
      llama3: '<|eot_id|>',
      mistral: '</s>',
      llama2: '</s>',
    });
  });
  it('adds the end of turn to a span of generation tags that leaves it out', () => {
    const jinja =
      "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% endgeneration %}{% else %}{{ m.content }}{% endif %}<|im_end|>\n{% endfor %}";
    const template = createTemplate({ source: { jinja }, specialTokens: smollm2.specialTokens });
    expect(trained(template, turns('a', 'b'))).toEqual(['b<|im_end|>']);
  });
  it('trains no answer of weight 0 where generation tags are used', () => {
    const template = createTemplate({
      source: { jinja: dump.templates['chatml']!.tagged },
      specialTokens: smollm2.specialTokens,
    });
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b', weight: 0 },
      { role: 'assistant', content: 'c' },
    ];
    expect(trained(template, conversation({ messages }))).toEqual(['c<|im_end|>']);
  });
  it('begins to train where the model begins to write', () => {
    // What stands between the generation prompt and the answer has to be generated, too.
    const jinja =
      "{% for m in messages %}<|start|>{{ m.role }}{% if m.role == 'assistant' %}<|channel|>final{% endif %}<|message|>{{ m.content }}" +
      '<|done|><|end|>{% endfor %}{% if add_generation_prompt %}<|start|>assistant{% endif %}';
    const specialTokens = ['<|start|>', '<|channel|>', '<|message|>', '<|done|>', '<|end|>'];
    const template = createTemplate({ source: { jinja }, specialTokens });
    expect(trained(template, turns('a', 'One', 'b', 'Two'))).toEqual([
      '<|channel|>final<|message|>One<|done|><|end|>',
      '<|channel|>final<|message|>Two<|done|><|end|>',
    ]);
    expect(template.endOfTurn).toBe('<|end|>');
  });
  it('does not take the opening of the next turn for an end', () => {
    const jinja =
      '{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}';
    const template = createTemplate({
      source: { jinja },
      eosToken: '</s>',
      specialTokens: ['<|user|>', '<|assistant|>', '</s>'],
    });
    expect(trained(template, turns('a', 'One', 'b', 'Two'))).toEqual(['One', 'Two']);
    expect(template.endOfTurn).toBeUndefined();
  });
  it('strips what the template says, as Python does', () => {
    const jinja =
      "{% for m in messages %}[{{ m.content.strip('-').lstrip('\\n') }}|{{ m.content.rstrip('-x') }}|{{ m.content.strip() }}]{% endfor %}";
    const template = createTemplate({ source: { jinja } });
    expect(template.render(turns('--\n \na-x-')).text).toBe('[ \na-x|--\n \na|--\n \na-x-]');
  });
  it('refuses to leave out tools and tool calls', () => {
    const template = createTemplate({ source: { jinja: dump.templates['chatml']!.plain } });
    const call = { role: 'assistant', content: '', tool_calls: [{ function: { name: 'weather', arguments: '{}' } }] };
    const ask = { role: 'user', content: 'Hello' };
    expect(() => template.render(conversation({ messages: [ask, call] }))).toThrow(/leaves the call of "weather" out/);
    const tools = [{ type: 'function', function: { name: 'weather' } }];
    expect(() =>
      template.render(conversation({ messages: [ask, { role: 'assistant', content: 'Hi' }], tools })),
    ).toThrow(/leaves the tool "weather" out/);
  });
  it('ends with a clear failure when the Jinja is broken', () => {
    expect(() => createTemplate({ source: { jinja: '{% for m in messages %}' } })).toThrow(/cannot be read/);
  });
  it('is found in tokenizer_config.json', () => {
    expect(chatTemplateOf({ chat_template: 'x' })).toBe('x');
    expect(
      chatTemplateOf({
        chat_template: [
          { name: 'tool_use', template: 'y' },
          { name: 'default', template: 'z' },
        ],
      }),
    ).toBe('z');
    expect(chatTemplateOf({})).toBeUndefined();
  });
});

describe('encodeExample', () => {
  const llama3 = tokenizerOf('llama3');
  const count = (ids: Iterable<number>, id: number): number => [...ids].filter((one) => one === id).length;
  const dialogue = conversation({
    messages: [
      { role: 'user', content: 'Hi there' },
      { role: 'assistant', content: 'Hello' },
    ],
  });
  it('puts the BOS token once, whoever writes it', () => {
    const own = createTemplate({
      source: { jinja: dump.templates['llama3']!.plain },
      bosToken: llama3.bos!.text,
      specialTokens: llama3.specialTokens,
    });
    const prompt = dialogue.messages.slice(0, 1) as Message[];
    for (const template of [own, chatml]) {
      const { tokens } = encodeExample(dialogue, { template, tokenizer: llama3, maxLength: 100, line: 1 });
      expect(tokens[0]).toBe(llama3.bos!.id);
      expect(count(tokens, llama3.bos!.id)).toBe(1);
      const given = encodePrompt({ messages: prompt }, { template, tokenizer: llama3 });
      expect([...tokens.slice(0, given.length)]).toEqual([...given]);
    }
  });
  it('trains the right tokens where the tokenizer hides their places', () => {
    // Collapsing spaces cannot be mapped back.
    const json = {
      ...readTokenizer('unigram'),
      normalizer: { type: 'Replace', pattern: { Regex: ' {2,}' }, content: ' ' },
    };
    const tokenizer = createTokenizer(json, { bos_token: '<s>', eos_token: '</s>' });
    expect(tokenizer.encode('the  printer').aligned).toBe(false);
    const template = createTemplate({
      source: { jinja: dump.templates['mistral']!.plain },
      bosToken: '<s>',
      eosToken: '</s>',
      specialTokens: tokenizer.specialTokens,
    });
    const messages = [
      { role: 'user', content: 'the  printer' },
      { role: 'assistant', content: 'is  broken' },
    ];
    const { tokens, trained: mask } = encodeExample(conversation({ messages }), {
      template,
      tokenizer,
      maxLength: 100,
      line: 1,
    });
    expect(tokenizer.decode([...tokens].filter((_, i) => mask[i] === 1))).toBe('is broken</s>');
  });
  it('masks the prompt of plain text and trains the completion and the end', () => {
    const example = { kind: 'plain', masked: 'Where is it?', trained: ' Here.' } as const;
    const { tokens, trained: mask } = encodeExample(example, {
      template: chatml,
      tokenizer: llama3,
      maxLength: 100,
      line: 1,
    });
    const labels = [...tokens].filter((_, i) => mask[i] === 1);
    expect(llama3.decode(labels)).toBe(' Here.<|end_of_text|>');
    expect(llama3.decode(tokens)).toBe('<|begin_of_text|>Where is it? Here.<|end_of_text|>');
  });
  it('counts what the cut loses', () => {
    const encode = (maxLength: number) =>
      encodeExample(dialogue, { template: chatml, tokenizer: smollm2, maxLength, line: 7 });
    const whole = encode(1000);
    const all = whole.trained.reduce((sum, one) => sum + one, 0);
    const cut = encode(whole.tokens.length - 3);
    expect(cut).toMatchObject({ line: 7, lostTokens: 3 });
    expect(cut.lostTrainedTokens + cut.trained.reduce((sum, one) => sum + one, 0)).toBe(all);
    expect(summarizeExamples([whole, cut, encode(2)])).toMatchObject({
      examples: 3,
      cutExamples: 2,
      untrainableExamples: 1,
      minTokens: 2,
    });
    expect(summarizeExamples([])).toMatchObject({ examples: 0, tokens: 0, minTokens: 0, maxTokens: 0 });
  });
});
