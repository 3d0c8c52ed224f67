/** Comma-separated values as RFC 4180 has them. */

export interface CsvRow {
  /** 1-based line where it begins. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** Empty lines are no rows. @throws CsvError where a quote is not closed, or something follows a closing quote */
export function readCsv(text: string): CsvRow[] {
  const rows: CsvRow[] = [];
  let at = text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0;
  let line = 1;
  while (at < text.length) {
    const begins = line;
    const fields: string[] = [];
    for (let more = true; more;) {
      const found = text[at] === '"' ? quoted(text, at, line) : plain(text, at);
      fields.push(found.field);
      line += found.field.split('\n').length - 1;
      more = text[found.end] === ',';
      at = found.end + (more ? 1 : 0);
    }
    if (text.startsWith('\r\n', at)) at++;
    if (at < text.length && text[at] !== '\n')
      throw new CsvError(line, 'after a closing quote a comma or the end of the line is expected');
    at++;
    line++;
    if (fields.length > 1 || fields[0] !== '') rows.push({ line: begins, fields });
  }
  return rows;
}

export class CsvError extends Error {
  constructor(
    readonly line: number,
    message: string,
  ) {
    super(message);
  }
}

interface Field {
  readonly field: string;
  /** Index after it. */
  readonly end: number;
}

function plain(text: string, at: number): Field {
  const rest = /[^,\n]*/y;
  rest.lastIndex = at;
  const [whole] = rest.exec(text)!;
  const field = whole.endsWith('\r') ? whole.slice(0, -1) : whole;
  return { field, end: at + field.length };
}

function quoted(text: string, open: number, line: number): Field {
  for (let at = open + 1; ; at += 2) {
    at = text.indexOf('"', at);
    if (at < 0) throw new CsvError(line, 'a quote is not closed');
    if (text[at + 1] !== '"') return { field: text.slice(open + 1, at).replaceAll('""', '"'), end: at + 1 };
  }
}

const BYTE_ORDER_MARK = 0xfeff;
