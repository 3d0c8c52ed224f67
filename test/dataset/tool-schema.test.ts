import { describe, expect, it } from 'vitest';
import { checkArguments } from '../../src/dataset/tool-schema';

const schema = {
  type: 'object',
  properties: {
    city: { type: 'string' },
    days: { type: 'integer', nullable: true },
    unit: { type: 'string', enum: ['Celsius', 'Kelvin'] },
    at: { type: 'object', properties: { lat: { type: 'number' } }, required: ['lat'] },
    list: { type: 'array', items: { type: ['string', 'null'] } },
    flag: { type: 'bool' },
    free: { anyOf: [{ type: 'string' }] },
    odd: { type: 'datetime' },
  },
  required: ['city'],
};
const check = (given: Readonly<Record<string, unknown>>, of: Readonly<Record<string, unknown>> = schema) =>
  checkArguments(of, given).map(({ pointer, message, ...rest }) => [pointer, message, ...Object.values(rest)]);

describe('checkArguments', () => {
  it('accepts what fits, and what it does not know', () => {
    expect(
      check({
        city: 'Bonn',
        days: null,
        unit: 'Kelvin',
        at: { lat: 1.5 },
        list: ['a', null],
        flag: true,
        free: 3,
        odd: 4,
        more: 1,
      }),
    ).toEqual([]);
    expect(check({ any: 1 }, {})).toEqual([]);
    expect(check({ city: 'Bonn' }, { properties: { city: { $ref: '#/$defs/city' } }, required: 'city' })).toEqual([]);
  });

  it('says what is wrong, where, and what may be meant', () => {
    expect(check({})).toEqual([['', 'The call lacks the required argument "city"']]);
    expect(check({ city: 5 })).toEqual([
      ['/city', 'The argument "city" must be a string, but it is the number 5', '5'],
    ]);
    expect(check({ city: '', days: '2' })).toEqual([
      ['/days', 'The argument "days" must be an integer, but it is the text "2"', 2],
    ]);
    expect(check({ city: '', days: 1.5 })).toEqual([
      ['/days', 'The argument "days" must be an integer, but it is the number 1.5'],
    ]);
    expect(check({ city: '', unit: 'kelvin' })).toEqual([
      ['/unit', 'The argument "unit" must be one of "Celsius", "Kelvin", but it is the text "kelvin"', 'Kelvin'],
    ]);
    expect(check({ city: '', at: {} })).toEqual([['/at', 'The argument "at" lacks the required argument "lat"']]);
    expect(check({ city: '', list: ['a', 1] })).toEqual([
      ['/list/1', 'The argument "list[1]" must be a string or null, but it is the number 1', '1'],
    ]);
    expect(check({ city: '', flag: 'TRUE' })).toEqual([
      ['/flag', 'The argument "flag" must be a boolean, but it is the text "TRUE"', true],
    ]);
    expect(check({ 'a/b': 1 }, { properties: {}, additionalProperties: false })).toEqual([
      ['/a~1b', 'The tool takes no argument "a/b"'],
    ]);
  });
});
