import { describe, expect, it } from 'vitest';
import { createTemplate } from '../../../src/dataset/template';
import { createTokenizer } from '../../../src/dataset/tokenizer';
import { type PreflightInput, preflight } from '../../../src/training/preflight/preflight';
import { dump, readTokenizer, tokenizerOf } from '../../dataset/dump';
import { type Record_, chat, good, inputFor, own, passing, refusal, warned } from './setup';

describe('tokens', () => {
  const llama3 = tokenizerOf('llama3');
  it('begin with the begin-of-text token once', () => {
    const completion = (begin: string, i: number): Record_ => ({
      prompt: `${begin}Say ${i}: `,
      completion: `It is ${i}.`,
    });
    const plain = [1, 2, 3, 4].map((i) => completion('', i));
    const doubled = completion('<|begin_of_text|>', 5);
    expect(passing(plain, { tokenizer: llama3 })).toEqual([]);
    expect(passing([...plain, doubled], { tokenizer: llama3 })).toEqual([
      'doubled-bos: train.jsonl: 1 of 5 records (20.0 %) with <|begin_of_text|> twice at the beginning, line 5.',
    ]);
    const failure = refusal([doubled], { tokenizer: llama3 });
    expect(failure.message).toContain('(doubled-bos)');
    expect(failure.hint).toContain('The tokenizer writes it by itself');
    const template = own(`{{ bos_token }}${dump.templates['llama3']!.plain}`, llama3);
    expect(refusal(good(3), { tokenizer: llama3, template }).message).toContain('3 of 3 records (100.0 %)');
  });
  it('end an answer', () => {
    const bare = own("{% for m in messages %}{{ m.role + ': ' + m.content + '\\n' }}{% endfor %}", llama3);
    expect(refusal(good(3), { tokenizer: llama3, template: bare }).message).toMatch(
      /writes no token at the end.*\(end-of-turn-not-trained\)$/,
    );
    const chatml = createTemplate({ source: 'chatml' });
    expect(passing(good(3), { tokenizer: llama3, template: chatml })).toEqual([
      expect.stringContaining('end-of-turn-in-pieces: The template "chatml" ends an answer with <|im_end|>'),
    ]);
  });
  it('end an answer with a trained token, also where it is the pad token', () => {
    const { base, data, ...rest } = inputFor(good(4));
    const id = base.tokenizer.tokenId('<|im_end|>')!;
    const mask = (count: number): PreflightInput['data'] => {
      const examples = data.train.map((one, i) =>
        i < count ? { ...one, trained: one.trained.map((mark, at) => (one.tokens[at] === id ? 0 : mark)) } : one,
      );
      return { ...data, train: examples, files: [{ ...data.files[0]!, examples }] };
    };
    expect(warned(preflight({ base, ...rest, data: mask(1) }))).toEqual([
      'end-of-turn-not-trained: train.jsonl: 1 of 4 records (25.0 %) with an answer whose end, <|im_end|>, is not trained: line 1.',
    ]);
    expect(() => preflight({ base, ...rest, data: mask(2) })).toThrow('(end-of-turn-not-trained)');
    const padded = { ...base, tokenizer: { ...base.tokenizer, pad: { id, text: '<|im_end|>' } } };
    expect(() => preflight({ base: padded, ...rest, data: mask(4) })).toThrow('(pad-is-end-of-turn)');
    expect(warned(preflight({ base: padded, ...rest, data }))).toEqual([]);
  });
  it('end a text where the tokenizer knows how', () => {
    const tokenizer = createTokenizer(readTokenizer('qwen'), {});
    expect(passing([{ prompt: 'Say one: ', completion: 'One.' }], { tokenizer })).toEqual([
      expect.stringMatching(/^end-of-turn-not-trained: The tokenizer names no end-of-text token/),
    ]);
  });
  it('give back the text', () => {
    expect(refusal(good(3), { tokenizer: tokenizerOf('unigram') }).message).toMatch(
      /lose text in their tokens.*\(text-lost-in-tokens\)/,
    );
    const words = ['Grüße 😀 你好', 'x\u00a0=\t1\n\n  y', 'ﬁne ①', 'a\u200bb'].map((answer) => chat('Hi?', answer));
    for (const name of ['qwen', 'llama2', 'llama3', 'smollm2'])
      expect(
        passing(words, {
          tokenizer: tokenizerOf(name),
          template: own(dump.templates['llama2']!.plain, tokenizerOf(name)),
        }),
        name,
      ).toEqual([]);
  });
});
