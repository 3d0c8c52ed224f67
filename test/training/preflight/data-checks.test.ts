import { describe, expect, it } from 'vitest';
import { preflight } from '../../../src/training/preflight/preflight';
import { type Record_, chat, good, inputFor, passing, refusal, warned } from './setup';

describe('records', () => {
  const off = chat('Off?', 'Yes.', { weight: 0 });

  it('of which none is trained', () => {
    expect(refusal([off]).hint).toBe('Give answers the weight 1, or set template to chatml.');
    const all = refusal([off], { settings: { learning_rate: 1 } });
    expect(all.hint).toBe('Correct them and start again.');
    expect(refusal([off]).message).toBe(
      'train.jsonl: no token of the 1 records is trained; the answers are switched off, or the template does not write them. (no-trained-tokens)',
    );
    const { message } = refusal(good(3), { settings: { max_length: 4 } });
    expect(message).toMatch(
      /no token of the 3 records is trained; all \d+ that could be lie beyond the maximum length of 4/,
    );
  });
  it('without a trained token are left out and counted', () => {
    const input = inputFor([...good(3), off]);
    expect(input.data.train).toHaveLength(3);
    expect(warned(preflight(input))).toEqual([
      'masked-records: train.jsonl: 1 of 4 records (25.0 %) without a trained token, line 4. They are left out.',
    ]);
    expect(refusal([...good(2), off]).message).toContain('1 of 3 records (33.3 %)');
  });
  it('whose answers are cut', () => {
    const long = (i: number): Record_ => chat(`Count to ${i}.`, Array.from({ length: 90 }, (_, n) => n + i).join(', '));
    const settings = { max_length: 60 };
    expect(passing([...good(2), long(1), long(2)], { settings })).toEqual([
      expect.stringMatching(
        /^too-many-tokens: train\.jsonl: 2 records are cut off at 60 tokens, 2 of 4 records \(50\.0 %\) in the answer \(lines 3, 4\)\. \d+ tokens are lost, \d+ of them trained/,
      ),
    ]);
    expect(refusal([...good(2), long(1), long(2), long(3)], { settings }).message).toMatch(
      /3 of 5 .*\(too-many-tokens\)$/,
    );
  });
  it('that are pairs: cut, without a label or alike on either side, and in both sets', () => {
    const pair = (chosen: string, rejected: string): Record_ => ({
      prompt: [{ role: 'user', content: `Say ${chosen}.` }],
      chosen: [{ role: 'assistant', content: chosen }],
      rejected: [{ role: 'assistant', content: rejected }],
    });
    const pairs = Array.from({ length: 4 }, (_, i) => pair(`Answer ${i}`, `No ${i}`));
    const long = 'one two three four five '.repeat(30);
    const settings = { objective: 'dpo', max_length: 60 };
    expect(passing([...pairs, pair('Yes.', long)], { settings })).toEqual([
      expect.stringMatching(/^too-many-tokens: .* 1 record is cut off at 60 tokens, 1 of 5 .*\(line 5\)/),
    ]);
    const alike: Record_ = { ...pair('x', ''), chosen: `${long}A`, rejected: `${long}B` };
    const found = passing([...pairs, alike], { settings });
    expect(found[0]).toBe(
      'same-answers: train.jsonl: 1 of 5 records (20.0 %) with the same tokens for both answers, line 5. They are left out.',
    );
    expect(refusal([alike], { settings }).message).toContain('so there is nothing to prefer. (no-trained-tokens)');
    const dpo = { objective: 'dpo' };
    expect(passing(pairs, { settings: dpo, validation: [{ ...pairs[2], rejected: pairs[1]!['rejected'] }] })).toEqual(
      [],
    );
    expect(refusal(pairs, { settings: dpo, validation: [pairs[2]!] }).message).toContain('(validation-in-training)');
  });
  it('of the validation in the training data', () => {
    const others = Array.from({ length: 100 }, (_, i) => chat(`Is ${i} a number?`, 'Yes, it is.'));
    expect(passing(good(20), { validation: [...others.slice(1), good(20)[7]!] })).toEqual([
      'validation-in-training: validation.jsonl: 1 of 100 records (1.0 %) for validation is also trained, line 100.',
    ]);
    expect(refusal(good(20), { validation: [...others.slice(2), ...good(2)] }).message).toContain(
      '2 of 100 records (2.0 %)',
    );
    const twice = refusal([...good(10), ...good(10)], { settings: { validation_split: 0.2 } });
    expect(twice.message).toContain('(validation-in-training)');
    expect(twice.hint).toContain('fine-tune dedupe');
  });
  it('of which early stopping needs some for validation', () => {
    const settings = { early_stopping_patience: 3 };
    expect(refusal(good(10), { settings }).message).toBe(
      'early_stopping_patience is 3, but there is no validation data to tell an improvement by. (early-stopping)',
    );
    expect(passing(good(10), { settings: { ...settings, validation_split: 0.2 } })).toEqual([]);
    expect(passing(good(10), { settings: { ...settings, force: ['early-stopping'] } })).toHaveLength(1);
  });
});
