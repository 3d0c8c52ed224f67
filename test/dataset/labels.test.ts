import { describe, expect, it } from 'vitest';
import type { Conversation } from '../../src/dataset/conversation';
import { chat } from '../../src/dataset/formats/chat';
import { encodeExample } from '../../src/dataset/labels';
import { createTemplate } from '../../src/dataset/template';
import { dump, tokenizerOf } from './dump';

describe('tokenizers against Hugging Face', () => {
  it.each(dump.texts)('$tokenizer: $text', ({ tokenizer: name, text, ids, withSpecial, decoded, skipped }) => {
    const tokenizer = tokenizerOf(name);
    const encoding = tokenizer.encode(text);
    expect([...encoding.ids]).toEqual(ids);
    if (text !== '') expect([...tokenizer.prefix, ...encoding.ids, ...tokenizer.suffix]).toEqual(withSpecial);
    expect(tokenizer.decode(ids)).toBe(decoded);
    expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe(skipped);
  });

  it.each(dump.texts)('offsets cover the text in order: $tokenizer: $text', ({ tokenizer: name, text }) => {
    const { ids, starts, ends, aligned } = tokenizerOf(name).encode(text);
    expect(aligned).toBe(true);
    let covered = 0;
    for (let i = 0; i < ids.length; i++) {
      expect(starts[i]).toBeGreaterThanOrEqual(i === 0 ? 0 : starts[i - 1]!);
      expect(starts[i]).toBeLessThanOrEqual(covered);
      covered = Math.max(covered, ends[i]!);
    }
    expect(covered).toBe(text.length);
  });
});

describe('label masks against return_assistant_tokens_mask', () => {
  const cases = dump.cases.flatMap((one) => [
    { ...one, kind: 'tagged' as const, shown: one.messages.map((message) => message.content).join(' | ') },
    { ...one, kind: 'plain' as const, shown: one.messages.map((message) => message.content).join(' | ') },
  ]);
  it.each(cases)('$tokenizer $template $kind: $shown', (one) => {
    const tokenizer = tokenizerOf(one.tokenizer);
    const template = createTemplate({
      source: { jinja: dump.templates[one.template]![one.kind] },
      bosToken: one.config['bos_token'],
      eosToken: one.config['eos_token'],
      specialTokens: tokenizer.specialTokens,
    });
    const conversation = chat.toExample({ messages: one.messages }) as Conversation;
    const encode = () => encodeExample(conversation, { template, tokenizer, maxLength: 4096, line: 1 });
    if (one.error !== undefined) {
      expect(encode).toThrow(/refuses this record/);
      return;
    }
    expect(template.render(conversation).text).toBe(one.text);
    const encoded = encode();
    expect([...encoded.tokens]).toEqual(one.ids);
    expect([...encoded.trained]).toEqual(one.mask);
  });
});
