import { describe, expect, it } from 'vitest';
import { nearest } from '../../src/common/nearest';

describe('nearest', () => {
  it.each([
    ['epoch', 'epochs'],
    ['--Learning_Rate', 'learning-rate'],
    ['lerning-rate', 'learning-rate'],
    ['trian', 'train'],
    ['xyz', undefined],
    ['a', undefined],
    ['', undefined],
  ])('takes %j for %j', (word, meant) => {
    expect(nearest(word, ['model', 'epochs', 'learning-rate', 'train', 'r'])).toBe(meant);
  });

  it('prefers fewer edits to the earlier word', () => {
    expect(nearest('eval-step', ['eval-stops', 'eval-steps'])).toBe('eval-steps');
  });
});
