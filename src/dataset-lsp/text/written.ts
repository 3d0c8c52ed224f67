// One look at the JSON of a record costs less than one at each of its texts: nearly all records are done with after it.

let last = '';
let lastHides = false;

/**
 * Whether a text of a record may hold a string.
 * @param source JSON of the record
 * @param part of ASCII, without control characters, quotation marks and backslashes: JSON writes it as it stands, or as escapes
 */
export function mayHold(source: string, part: string): boolean {
  return source.includes(part) || hidesAscii(source);
}

/** Whether characters of ASCII may be written as escapes that JSON does not ask for (`\u003c`, `\/`). */
export function hidesAscii(source: string): boolean {
  // All rules ask about the same record.
  if (source !== last) {
    last = source;
    lastHides = source.includes('\\') && (source.includes('\\u00') || source.includes('\\/'));
  }
  return lastHides;
}
