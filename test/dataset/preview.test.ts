import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/common/random';
import type { Conversation } from '../../src/dataset/conversation';
import { formatById } from '../../src/dataset/formats';
import { chat } from '../../src/dataset/formats/chat';
import { completion } from '../../src/dataset/formats/completion';
import { instruction } from '../../src/dataset/formats/instruction';
import { text as textFormat } from '../../src/dataset/formats/text';
import { encodeExample, type EncodeOptions } from '../../src/dataset/labels';
import { previewRecord, type Preview, type PreviewText } from '../../src/dataset/preview';
import { withMaxLength } from '../../src/dataset/preview-tokens';
import { createTemplate } from '../../src/dataset/template';
import { tokenTexts } from '../../src/dataset/token-text';
import { visiblePieces } from '../../src/dataset/visible-text';
import { dump, tokenizerOf } from './dump';

const chatml = (tokenizer = 'qwen', maxLength = 4096): EncodeOptions => ({
  template: createTemplate({
    source: 'chatml',
    eosToken: tokenizerOf(tokenizer).eos?.text,
    specialTokens: tokenizerOf(tokenizer).specialTokens,
  }),
  tokenizer: tokenizerOf(tokenizer),
  maxLength,
});

const only = (preview: Preview): PreviewText => {
  expect(preview.problem).toBeNull();
  expect(preview.texts).toHaveLength(1);
  return preview.texts[0]!;
};
const turnText = ({ tokens }: PreviewText, { start, end }: PreviewText['turns'][number]): string =>
  tokens
    .slice(start, end)
    .map((token) => token.text)
    .join('');

/** Qwen's tokenizer composes letters and their accents. */
const composed = (content: string, tokenizer: string): string =>
  tokenizer === 'qwen' ? content.normalize('NFC') : content;

describe('against the masks of Hugging Face', () => {
  const cases = dump.cases.map((one) => ({ ...one, shown: one.messages.map(({ content }) => content).join(' | ') }));
  it.each(cases)('$tokenizer $template: $shown', (one) => {
    const tokenizer = tokenizerOf(one.tokenizer);
    const template = createTemplate({
      source: { jinja: dump.templates[one.template]!.plain },
      bosToken: one.config['bos_token'],
      eosToken: one.config['eos_token'],
      specialTokens: tokenizer.specialTokens,
    });
    const maxLength = 20;
    const options = { format: chat, encode: { template, tokenizer, maxLength } };
    const preview = previewRecord(JSON.stringify({ messages: one.messages }), 7, options);
    expect(preview).toEqual(JSON.parse(JSON.stringify(preview)));
    expect(preview).toMatchObject({ line: 7, format: 'chat', maxLength });
    if (one.error !== undefined) {
      expect(preview.problem?.message).toMatch(/refuses this record/);
      return;
    }
    const shown = only(preview);
    expect(preview.template).toBe('model');
    expect(shown.tokens.map((token) => token.id)).toEqual(one.ids);
    expect(shown.tokens.map((token) => token.kind)).toEqual(
      one.mask!.map((label, i) => (i < maxLength ? ['masked', 'trained'] : ['lost', 'lost-trained'])[label]),
    );
    const conversation = chat.toExample({ messages: one.messages }) as Conversation;
    const cut = encodeExample(conversation, { ...options.encode, line: 7 });
    expect(shown.counts).toMatchObject({
      tokens: one.ids!.length,
      trained: cut.trained.reduce((sum, label) => sum + label, 0),
      lost: cut.lostTokens,
      lostTrained: cut.lostTrainedTokens,
    });
    // The turns are the whole text, in order, each with its own words.
    expect(shown.turns[0]!.start).toBe(0);
    shown.turns.forEach((turn, i) => expect(turn.end).toBe(shown.turns[i + 1]?.start ?? shown.tokens.length));
    const own = shown.turns.filter((turn) => turn.role !== 'template');
    if (own.length === one.messages.length)
      one.messages.forEach(({ role, content }, i) => {
        expect(own[i]!.role).toBe(role);
        // The small vocabulary has no token for many characters, and Qwen 3 leaves out the reasoning.
        if (one.tokenizer !== 'unigram' && !content.includes('</think>'))
          expect(turnText(shown, own[i]!).replaceAll(/⟨[0-9A-F ]+⟩/g, '')).toContain(
            composed(content.trim(), one.tokenizer),
          );
      });
    // A message may only lack a turn of its own where the template writes it into another one.
    else expect(one.template).toMatch(/llama2|mistral|gemma/);
  });
});

describe('turns', () => {
  it('begin where the template begins them', () => {
    const record = {
      messages: [
        { role: 'system', content: 'Be short.' },
        { role: 'user', content: 'Be short.' },
        { role: 'assistant', content: 'Yes' },
        { role: 'user', content: 'Yes' },
        { role: 'assistant', content: 'Yes', weight: 0 },
      ],
    };
    const shown = only(previewRecord(JSON.stringify(record), 1, { format: chat, encode: chatml() }));
    expect(shown.turns.map((turn) => [turn.role, turnText(shown, turn), turn.counts.trained > 0])).toEqual([
      ['system', '<|im_start|>system\nBe short.<|im_end|>\n', false],
      ['user', '<|im_start|>user\nBe short.<|im_end|>\n', false],
      ['assistant', '<|im_start|>assistant\nYes<|im_end|>\n', true],
      ['user', '<|im_start|>user\nYes<|im_end|>\n', false],
      ['assistant', '<|im_start|>assistant\nYes<|im_end|>\n', false],
    ]);
  });

  it('set apart what the template puts before the first message', () => {
    const jinja =
      '<|im_start|>system\nYou help.<|im_end|>\n{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}';
    const encode = {
      ...chatml(),
      template: createTemplate({ source: { jinja }, specialTokens: ['<|im_start|>', '<|im_end|>'] }),
    };
    const record = {
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Hello' },
      ],
    };
    const shown = only(previewRecord(JSON.stringify(record), 1, { format: chat, encode }));
    expect(shown.turns.map((turn) => [turn.role, turnText(shown, turn)])).toEqual([
      ['template', '<|im_start|>system\nYou help.<|im_end|>\n'],
      ['user', '<|im_start|>user\nHi<|im_end|>\n'],
      ['assistant', '<|im_start|>assistant\nHello<|im_end|>\n'],
    ]);
  });

  it('find their beginning where a shorter conversation renders differently', () => {
    // Counts the messages in front, so that no beginning of the conversation is a beginning of the text.
    const jinja =
      '{{ messages | length }}{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}';
    const encode = {
      ...chatml(),
      template: createTemplate({ source: { jinja }, specialTokens: ['<|im_start|>', '<|im_end|>'] }),
    };
    const record = {
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Hello' },
        { role: 'user', content: 'Bye' },
      ],
    };
    const shown = only(previewRecord(JSON.stringify(record), 1, { format: chat, encode }));
    expect(shown.turns.map((turn) => [turn.role, turnText(shown, turn)])).toEqual([
      ['user', '3<|im_start|>user\nHi<|im_end|>\n'],
      ['assistant', '<|im_start|>assistant\nHello<|im_end|>\n'],
      ['user', '<|im_start|>user\nBye<|im_end|>\n'],
    ]);
  });

  it('are the two fields of a completion, and the whole of a text', () => {
    const pair = only(
      previewRecord('{"prompt": "2 + 2 =", "completion": " 4"}', 1, { format: completion, encode: chatml() }),
    );
    expect(pair.turns.map((turn) => [turn.role, turnText(pair, turn), turn.counts.trained])).toEqual([
      ['prompt', '2 + 2 =', 0],
      ['completion', ' 4<|im_end|>', pair.turns[1]!.end - pair.turns[1]!.start],
    ]);
    const plain = previewRecord('{"text": "Once"}', 1, { format: textFormat, encode: chatml() });
    expect(plain.template).toBeNull();
    expect(only(plain).turns.map((turn) => turn.role)).toEqual(['text']);
    expect(only(plain).counts.masked).toBe(0);
  });

  it('of an instruction follow the Alpaca template', () => {
    const encode = { ...chatml(), template: createTemplate({ source: 'alpaca', eosToken: '<|endoftext|>' }) };
    const source = '{"instruction": "Add.", "input": "1 1", "output": "2"}';
    const preview = previewRecord(source, 1, { format: instruction, encode });
    const shown = only(preview);
    expect(preview.template).toBe('alpaca');
    expect(shown.turns.map((turn) => turn.role)).toEqual(['user', 'assistant']);
    expect(turnText(shown, shown.turns[1]!)).toBe('2<|endoftext|>');
  });
});

describe('texts of tokens', () => {
  const names = ['smollm2', 'qwen', 'llama3', 'llama2'];
  it.each(names)('%s: together they are the text, split characters aside', (name) => {
    const tokenizer = tokenizerOf(name);
    const text = 'Grüße  an\talle:\n\n日本語 and code = [1, 2]; ok';
    const whole = tokenTexts(tokenizer.encode(text).ids, tokenizer)
      .join('')
      .replaceAll(/⟨[0-9A-F ]+⟩/g, '');
    expect(whole.trimStart()).toBe(text);
  });
  it.each(names)('%s: the same for any text', (name) => {
    const tokenizer = tokenizerOf(name);
    const random = createRandom(7);
    const parts = [
      ' ',
      '  ',
      '\n',
      '\t',
      'a',
      'Über',
      '日本',
      '🙂',
      '🏽',
      '\u0301',
      'é',
      '\u200d',
      '<|im_end|>',
      '123',
      '…',
    ];
    for (let n = 0; n < 60; n++) {
      const text = `x${Array.from({ length: 1 + random.integer(12) }, () => parts[random.integer(parts.length)]!).join('')}`;
      const { ids } = tokenizer.encode(text);
      const whole = tokenTexts(ids, tokenizer)
        .join('')
        .replaceAll(/⟨[0-9A-F ]+⟩/g, '');
      expect(whole).toBe(name === 'llama2' ? ` ${text}` : composed(text, name));
    }
  });
  it.each(names)('%s: a split emoji shows its bytes, once each, and itself at the end', (name) => {
    const tokenizer = tokenizerOf(name);
    const { ids } = tokenizer.encode('a🦄');
    const texts = tokenTexts(ids, tokenizer);
    const shown = texts.join('');
    expect(shown.endsWith('🦄')).toBe(true);
    const bytes = [...shown.matchAll(/⟨([0-9A-F ]+)⟩/g)].map((match) => match[1]!).join(' ');
    expect(['', 'F0 9F A6 84']).toContain(bytes);
  });
  it('shows bytes that never become a character', () => {
    const tokenizer = tokenizerOf('qwen');
    const { ids } = tokenizer.encode('🦄');
    const texts = tokenTexts(ids.slice(0, 1), tokenizer);
    expect(texts).toEqual(['⟨F0⟩']);
  });
});

describe('preferences', () => {
  const options = { encode: chatml() };
  it('show both sides, each trained on its own answer', () => {
    const record = {
      prompt: [{ role: 'user', content: 'Where?' }],
      chosen: [{ role: 'assistant', content: 'On its way.' }],
      rejected: [{ role: 'assistant', content: 'No idea.' }],
    };
    const preview = previewRecord(JSON.stringify(record), 1, { ...options, format: formatById('preference') });
    expect(preview.problem).toBeNull();
    expect(preview.texts.map(({ name, note }) => [name, note !== ''])).toEqual([
      ['chosen', false],
      ['rejected', true],
    ]);
    const trained = preview.texts.map(({ tokens }) =>
      tokens
        .filter((token) => token.kind === 'trained')
        .map((token) => token.text)
        .join(''),
    );
    expect(trained).toEqual(['On its way.<|im_end|>', 'No idea.<|im_end|>']);
    expect(preview.texts[1]!.turns.map((turn) => turn.role)).toEqual(['user', 'assistant']);
  });
  it.each([
    ['true', 2],
    ['false', 0],
  ])('with the label %s', (label, least) => {
    const source = `{"prompt": "2 + 2 =", "completion": " 4", "label": ${label}}`;
    const shown = only(previewRecord(source, 1, { ...options, format: formatById('unpaired-preference') }));
    expect(shown.counts.tokens).toBeGreaterThan(4);
    if (least === 0) expect([shown.counts.trained, shown.note]).toEqual([0, expect.stringMatching(/not trained/)]);
    else expect([shown.counts.trained >= least, shown.note]).toEqual([true, '']);
  });
});

describe('another maximum length', () => {
  it('gives what encoding with it gives', () => {
    const record = {
      messages: [
        { role: 'user', content: 'One two' },
        { role: 'assistant', content: 'Three four' },
      ],
    };
    const at = (maxLength: number): Preview =>
      previewRecord(JSON.stringify(record), 1, { format: chat, encode: chatml('qwen', maxLength) });
    for (const [from, to] of [
      [100, 9],
      [9, 100],
      [5, 12],
      [12, 12],
    ] as const)
      expect(withMaxLength(at(from), to)).toEqual(at(to));
  });
});

describe('what cannot be shown', () => {
  const problemOf = (source: string): string =>
    previewRecord(source, 1, { format: chat, encode: chatml() }).problem!.message;
  it.each([
    ['', /blank/],
    ['{"messages": [}', /not valid JSON/],
    ['[1]', /not a JSON object/],
    ['{"messages": []}', /empty list/],
    ['{"messages": [{"role": "bot", "content": "x"}]}', /Unknown role "bot"/],
  ])('%s', (source, message) => {
    expect(problemOf(source)).toMatch(message);
  });
  it('is said when the file has no known format', () => {
    const preview = previewRecord('{"a": 1}', 1, { format: undefined, encode: chatml() });
    expect(preview).toMatchObject({ format: null, texts: [], problem: { message: /no known format/ as unknown } });
  });
});

describe('visible white space', () => {
  it('has a mark for everything that leaves no ink', () => {
    const pieces = visiblePieces('a b\tc\r\nd\ne\rf\u00a0g\u200bh\u0000i\ud83d');
    expect(pieces.map((piece) => piece.text).join('')).toBe('a·b→c␍↵d↵e␍f⟨U+00A0⟩g⟨U+200B⟩h⟨U+0000⟩i⟨U+D83D⟩');
    expect(pieces.filter((piece) => piece.breaks).map((piece) => piece.text)).toEqual(['␍↵', '↵']);
    expect(visiblePieces('👍🏽')).toEqual([{ text: '👍🏽', mark: false, breaks: false }]);
    expect(visiblePieces('⟨F0 9F⟩ x').map(({ text, mark }) => [text, mark])).toEqual([
      ['⟨F0 9F⟩', true],
      ['·', true],
      ['x', false],
    ]);
    expect(visiblePieces('')).toEqual([]);
  });
});
