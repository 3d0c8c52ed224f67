import { describe, expect, it } from 'vitest';
import { byteLevelPipeline, preTokenizerName } from '../../../src/training/weights/gguf-pre-tokenizers';

describe('the name of a way to cut text', () => {
  it.each(['llama-bpe', 'smaug-bpe', 'gpt-4o', 'tekken', 'qwen2', 'deepseek-r1-qwen', 'smollm', 'gpt-2'])(
    '%s is found again',
    (name) => {
      expect(preTokenizerName(byteLevelPipeline(name)!)).toBe(name);
    },
  );

  it('does not depend on defaults that are left out, on offsets and on the normalizer', () => {
    const cut = { type: 'ByteLevel', trim_offsets: false, add_prefix_space: false };
    expect(preTokenizerName({ normalizer: { type: 'NFC' }, preTokenizer: cut, ignoreMerges: false })).toBe('gpt-2');
  });

  it.each([
    ['a space before every text', { type: 'ByteLevel', add_prefix_space: true }],
    ['words alone', { type: 'Whitespace' }],
    ['nothing', null],
  ])('there is none for %s', (_, preTokenizer) => {
    expect(preTokenizerName({ normalizer: null, preTokenizer, ignoreMerges: false })).toBeUndefined();
  });
});
