import { describe, expect, it } from 'vitest';
import { CsvError, readCsv } from '../../../src/evaluation/benchmarks/csv';

const fields = (text: string): (readonly string[])[] => readCsv(text).map((row) => row.fields);

describe('readCsv', () => {
  it('reads the examples of RFC 4180', () => {
    expect(fields('aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n')).toEqual([
      ['aaa', 'bbb', 'ccc'],
      ['zzz', 'yyy', 'xxx'],
    ]);
    expect(fields('"aaa","b\r\nbb","ccc"\r\nzzz,yyy,xxx')).toEqual([
      ['aaa', 'b\r\nbb', 'ccc'],
      ['zzz', 'yyy', 'xxx'],
    ]);
    expect(fields('"aaa","b""bb","ccc"')).toEqual([['aaa', 'b"bb', 'ccc']]);
  });

  it('keeps spaces, empty fields and quotes inside a field', () => {
    expect(fields(' a , "b",,\n""\n')).toEqual([[' a ', ' "b"', '', '']]);
    expect(fields('\uFEFFa,b\n\n\nc,d')).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  it('says in which line a row begins', () => {
    expect(readCsv('"a\nb\nc",1\n\nd,2\n').map(({ line }) => line)).toEqual([1, 5]);
  });

  it.each([
    { text: 'a,b\n"c,d\ne,f\n', line: 2 },
    { text: 'a,b\n"c"x,d\n', line: 2 },
    { text: '"a\nb"x', line: 2 },
  ])('refuses $text', ({ text, line }) => {
    expect(() => readCsv(text)).toThrow(CsvError);
    expect(() => readCsv(text)).toThrow(expect.objectContaining({ line }));
  });
});
