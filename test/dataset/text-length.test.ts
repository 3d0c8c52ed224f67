import { expect, it } from 'vitest';
import { textLength } from '../../src/dataset/text-length';

it('counts a character of a dense script for three', () => {
  expect(textLength('  hello  ', 100)).toBe(5);
  expect(textLength('🙂🙂', 100)).toBe(2);
  expect(textLength('请告诉我', 100)).toBe(12);
  expect(textLength('안녕 hi', 100)).toBe(9);
  expect(textLength('a'.repeat(300), 10)).toBe(300);
});
