import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { locateJsonError } from '../../src/common/json-error';

describe('locateJsonError', () => {
  it('is silent on JSON', () => {
    for (const text of ['{}', ' [1, -2.5e+3, "a\\u00e4\\n", true, null] ', '"x"', '0'])
      expect(locateJsonError(text)).toBeUndefined();
  });

  it.each([
    ['{\n  "model": "x"\n  "epochs": 3\n}', 3, 3, 'A comma or "}" is expected here.'],
    ['{\n  "epochs": 3,\n}', 2, 14, 'The last comma must go.'],
    ["{ 'model': 1 }", 1, 3, 'A key in double quotes is expected here.'],
    ['{ "model": x }', 1, 12, 'A value is expected here.'],
    ['{ "a": 01 }', 1, 8, 'A value is expected here.'],
    ['{ "a" 1 }', 1, 7, 'A colon is expected after the key.'],
    ['{ "path": "C:\\data" }', 1, 14, 'This is no valid escape; a backslash is written \\\\.'],
    ['{ "a": "b\n}', 1, 8, 'This text has no closing quote.'],
    ['{ // why\n}', 1, 3, 'JSON has no comments.'],
    ['{ "a": [1, 2', 1, 13, 'The file ends too early. A comma or "]" is expected here.'],
    ['', 1, 1, 'The file ends too early. A value is expected here.'],
    ['{} {}', 1, 4, 'Nothing may follow the end of the value.'],
  ])('finds the place in %j', (text, line, column, message) => {
    expect(locateJsonError(text)).toMatchObject({ line, column, message });
  });

  const suite = join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'jsontestsuite');
  it.skipIf(!existsSync(suite))(
    'finds a place in every invalid file of a public test suite (skipped without it)',
    () => {
      for (const { name, text } of suiteTexts(suite)) {
        const error = locateJsonError(text);
        if (!error) expect(() => JSON.parse(text), name).not.toThrow();
        else {
          expect(error.offset, name).toBeLessThanOrEqual(text.length);
          expect(error.message, name).not.toBe('This is not JSON.');
        }
      }
    },
  );
});

function suiteTexts(folder: string): { readonly name: string; readonly text: string }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .map((entry) => ({ name: entry.name, text: readFileSync(join(entry.parentPath, entry.name), 'utf8') }));
}
