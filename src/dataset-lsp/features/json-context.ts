/** What stands, or may stand, at an offset of a record that may be half written. */
export interface JsonContext {
  /** Keys and indexes that lead to the innermost object or list around the offset; empty for the record itself. */
  readonly path: readonly (string | number)[];
  readonly expects: 'key' | 'value' | 'nothing';
  /** Key of the value at the offset, or index in a list. */
  readonly key: string | number | undefined;
  /** The word or string that the offset is in; empty range where there is none. */
  readonly token: { readonly start: number; readonly end: number };
  /** The innermost is an object that already has these keys, before or after the offset. */
  readonly keys: ReadonlySet<string>;
  /** A colon follows the token. */
  readonly hasColon: boolean;
}

interface Frame {
  readonly kind: 'object' | 'list';
  /** Key or index in the frame around it. */
  readonly at: string | number | undefined;
  state: 'key' | 'colon' | 'value' | 'comma';
  key: string | undefined;
  index: number;
  readonly keys: Set<string>;
}

const NO_CONTEXT: JsonContext = {
  path: [],
  expects: 'nothing',
  key: undefined,
  token: { start: 0, end: 0 },
  keys: new Set(),
  hasColon: false,
};

/** Never throws, and needs no valid JSON: what is wrong before the offset is read as well as it can be. */
export function contextAt(source: string, offset: number): JsonContext {
  const stack: Frame[] = [];
  let found: JsonContext | undefined;
  let depth = 0;
  const take = (start: number, end: number): void => {
    if (found) return;
    const frame = stack.at(-1);
    depth = stack.length;
    if (!frame) return void (found = NO_CONTEXT);
    const isKey = frame.kind === 'object' && (frame.state === 'key' || frame.state === 'colon');
    found = {
      path: stack.slice(1).map((one) => one.at!),
      expects: isKey ? 'key' : frame.state === 'value' || end > start ? 'value' : 'nothing',
      key: frame.kind === 'list' ? frame.index : frame.key,
      token: { start, end },
      keys: frame.keys,
      hasColon: /^\s*:/.test(source.slice(end, end + 100)),
    };
  };
  let at = 0;
  while (at < source.length) {
    const char = source[at]!;
    if (/\s/.test(char)) {
      if (offset === at) take(at, at);
      at++;
      continue;
    }
    const frame = stack.at(-1);
    if ('{}[]:,'.includes(char)) {
      if (offset === at) take(at, at);
      if (char === '{' || char === '[') {
        const outer = frame && (frame.kind === 'list' ? frame.index : (frame.key ?? ''));
        const kind = char === '{' ? 'object' : 'list';
        if (frame) frame.state = 'comma';
        stack.push({
          kind,
          at: outer,
          state: kind === 'object' ? 'key' : 'value',
          key: undefined,
          index: 0,
          keys: new Set(),
        });
      } else if (char === '}' || char === ']') {
        // All keys of the object around the offset have been seen.
        if (found && stack.length <= depth) return found;
        stack.pop();
      } else if (frame && char === ':') frame.state = 'value';
      else if (frame) {
        frame.state = frame.kind === 'object' ? 'key' : 'value';
        frame.index++;
      }
      at++;
      continue;
    }
    const end = char === '"' ? stringEnd(source, at) : wordEnd(source, at);
    // Behind its closing quote a string is finished.
    if (offset > at ? offset < end || (offset === end && !isClosed(source, at, end)) : offset === at && char !== '"')
      take(at, end);
    else if (offset === at) take(at, at);
    if (frame?.kind === 'object' && frame.state === 'key') {
      frame.key = keyText(source.slice(at, end));
      frame.keys.add(frame.key);
      frame.state = 'colon';
    } else if (frame) frame.state = 'comma';
    at = end;
  }
  take(offset, offset);
  return found!;
}

/** Behind the closing quote of the string that begins at `start`; the end of the source when there is none. */
export function stringEnd(source: string, start: number): number {
  for (let at = start + 1; at < source.length; at++) {
    if (source[at] === '\\') at++;
    else if (source[at] === '"') return at + 1;
  }
  return source.length;
}

function isClosed(source: string, start: number, end: number): boolean {
  return source[start] === '"' && end - start > 1 && source[end - 1] === '"';
}

/** End of a number, a literal or anything else that is neither string nor punctuation. */
export function wordEnd(source: string, start: number): number {
  let at = start + 1;
  while (at < source.length && !/[\s{}[\]:,"]/.test(source[at]!)) at++;
  return at;
}

function keyText(written: string): string {
  try {
    const value = JSON.parse(written) as unknown;
    return typeof value === 'string' ? value : written;
  } catch {
    return written.replaceAll('"', '');
  }
}
