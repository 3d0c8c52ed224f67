import type { Expected, JsonSyntaxError } from './json-positions';

/** Says in a sentence why the source is no JSON at this offset, and what to do. */
export function explainSyntax(source: string, offset: number, expected: Expected): JsonSyntaxError {
  const word = /^[\p{L}_$][\p{L}\p{N}_$]*/u.exec(source.slice(offset, offset + 40))?.[0];
  const point = (message: string, length = 1): JsonSyntaxError => ({
    offset,
    end: Math.min(source.length, offset + length),
    message,
  });
  const char = source[offset];
  if (char === undefined) return point(atEnd(source, expected));
  if (expected === 'fewer-levels')
    return point('The record is nested too deeply to be read. Remove the innermost levels.');
  if (expected === 'string') return inString(source, offset, point);
  if (char === "'") return point('JSON texts stand in double quotes. Replace the single quotes by double quotes.');
  if (char === '“' || char === '”' || char === '„')
    return point('This is a typographic quote. Replace it by a plain double quote (").');
  if (char === '/' && (source[offset + 1] === '/' || source[offset + 1] === '*'))
    return point('JSON has no comments. Remove the comment.', 2);
  if (char === '#') return point('JSON has no comments. Remove the comment.');
  if (
    char === ',' &&
    (expected === 'value' || expected === 'key' || expected === 'value-or-end' || expected === 'key-or-end')
  )
    return point('There is a comma too many. Remove it.');
  switch (expected) {
    case 'no-comma':
      return point('The comma after the last entry is not allowed. Remove it.');
    case 'key':
    case 'key-or-end':
      return word
        ? point(`A key must stand in double quotes. Write "${word}".`, word.length)
        : point(`Expected a key in double quotes, found ${show(char)}. Check the line from here on.`);
    case 'colon':
      return point(`Expected a colon after the key, found ${show(char)}. Put a colon between key and value.`);
    case 'comma-or-brace':
      return point(
        char === '"' || char === '{' || char === '['
          ? 'A comma is missing between two entries. Put a comma before this one.'
          : `Expected a comma or "}", found ${show(char)}. A quote inside a text must be written as \\".`,
      );
    case 'comma-or-bracket':
      return point(
        char === '"' || char === '{' || char === '['
          ? 'A comma is missing between two entries. Put a comma before this one.'
          : `Expected a comma or "]", found ${show(char)}. A quote inside a text must be written as \\".`,
      );
    case 'end':
      return point(
        char === '{' || char === '['
          ? 'A second value begins on this line. Put each record on a line of its own.'
          : char === ','
            ? 'A record must not be followed by a comma. Remove it.'
            : `There is text after the end of the record, from ${show(char)} on. Remove it.`,
        source.length - offset,
      );
    case 'value':
    case 'value-or-end':
      return inValue(source, offset, word, point);
    default:
      return expected satisfies never;
  }
}

type Point = (message: string, length?: number) => JsonSyntaxError;

function atEnd(source: string, expected: Expected): string {
  if (source.trim() === '') return 'The line is empty where a record should be. Remove it.';
  const cut = 'The line ends inside the record';
  return expected === 'string'
    ? `${cut}: a text has no closing quote. Write line breaks inside a text as \\n, and close the text with a double quote.`
    : `${cut}. Complete it, and keep each record on one line.`;
}

function inString(source: string, offset: number, point: Point): JsonSyntaxError {
  if (source[offset] === '\\') {
    const shown = source.slice(offset, offset + (source[offset + 1] === 'u' ? 6 : 2));
    return point(`${shown} is not an escape sequence of JSON. Write a backslash as \\\\.`, shown.length);
  }
  const code = source.charCodeAt(offset);
  const escape =
    code === 9 ? '\\t' : code === 10 ? '\\n' : code === 13 ? '\\r' : `\\u${code.toString(16).padStart(4, '0')}`;
  const name = code === 9 ? 'tab' : code === 10 || code === 13 ? 'line break' : 'control character';
  return point(`A text must not hold a bare ${name}. Write it as ${escape}.`);
}

const LITERALS: Readonly<Record<string, string>> = {
  None: 'null',
  True: 'true',
  False: 'false',
  undefined: 'null',
  NULL: 'null',
  TRUE: 'true',
  FALSE: 'false',
};

function inValue(source: string, offset: number, word: string | undefined, point: Point): JsonSyntaxError {
  const char = source[offset]!;
  if (word !== undefined && Object.hasOwn(LITERALS, word))
    return point(`${word} is not a value of JSON. Write ${LITERALS[word]}.`, word.length);
  if (word === 'NaN' || word === 'Infinity' || source.startsWith('-Infinity', offset))
    return point('JSON has no number that is not finite. Write null or a number.', word?.length ?? 9);
  if (word !== undefined) return point(`A text must stand in double quotes, found ${word}.`, word.length);
  if (char === '}' || char === ']') return point('A value is missing here. Add it, or remove what stands before it.');
  if (/[-+.\d]/.test(char)) return point('This is not a number of JSON. Write it as in 0.5, -3 or 1e-4.');
  return point(`Expected a value, found ${show(char)}. Check the line from here on.`);
}

function show(char: string): string {
  const code = char.charCodeAt(0);
  return code < 32 || code === 127 || code === 0xfeff || code === 0xa0
    ? `the character U+${code.toString(16).toUpperCase().padStart(4, '0')}`
    : char === '"'
      ? 'a double quote'
      : `"${char}"`;
}
