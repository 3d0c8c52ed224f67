/** Where a text stops to be JSON. `JSON.parse` names the place only sometimes, in words that differ by version. */
export interface JsonError {
  readonly message: string;
  /** In UTF-16 units, from 0. */
  readonly offset: number;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
}

/** The first error of a text, or `undefined` for valid JSON (RFC 8259). */
export function locateJsonError(text: string): JsonError | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    const { message, offset } = new Scanner(text).firstError();
    const before = text.slice(0, offset);
    const lineStart = before.lastIndexOf('\n') + 1;
    return { message, offset, line: before.split('\n').length, column: offset - lineStart + 1 };
  }
}

class Unexpected extends Error {
  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(message);
  }
}

class Scanner {
  #at = 0;
  constructor(readonly text: string) {}

  firstError(): { readonly message: string; readonly offset: number } {
    try {
      this.#space();
      this.#value();
      this.#space();
      if (this.#at < this.text.length) this.#fail('Nothing may follow the end of the value.');
    } catch (error) {
      if (error instanceof Unexpected) return error;
      throw error;
    }
    return { message: 'This is not JSON.', offset: this.#at };
  }

  #value(): void {
    switch (this.text[this.#at]) {
      case '{':
        return this.#items('}', () => {
          if (this.text[this.#at] !== '"') this.#fail('A key in double quotes is expected here.');
          this.#string();
          this.#space();
          this.#expect(':', 'A colon is expected after the key.');
          this.#space();
          this.#value();
        });
      case '[':
        return this.#items(']', () => this.#value());
      case '"':
        return this.#string();
      default: {
        const word = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])/y;
        word.lastIndex = this.#at;
        if (!word.test(this.text)) this.#fail('A value is expected here.');
        this.#at = word.lastIndex;
      }
    }
  }

  #items(end: string, item: () => void): void {
    this.#at++;
    this.#space();
    if (this.text[this.#at] === end) {
      this.#at++;
      return;
    }
    for (;;) {
      item();
      this.#space();
      if (this.text[this.#at] === end) break;
      this.#expect(',', `A comma or "${end}" is expected here.`);
      const comma = this.#at - 1;
      this.#space();
      if (this.text[this.#at] === end) throw new Unexpected('The last comma must go.', comma);
    }
    this.#at++;
  }

  #string(): void {
    const begin = this.#at++;
    for (; this.text[this.#at] !== '"'; this.#at++) {
      const sign = this.text[this.#at];
      if (sign === undefined || sign === '\n') throw new Unexpected('This text has no closing quote.', begin);
      if (sign < ' ') this.#fail('A control character must be escaped.');
      if (sign !== '\\') continue;
      const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
      escape.lastIndex = this.#at;
      if (!escape.test(this.text)) this.#fail('This is no valid escape; a backslash is written \\\\.');
      this.#at = escape.lastIndex - 1;
    }
    this.#at++;
  }

  #space(): void {
    while (/[ \t\r\n]/.test(this.text[this.#at] ?? '')) this.#at++;
    if (this.text.startsWith('//', this.#at) || this.text.startsWith('/*', this.#at))
      this.#fail('JSON has no comments.');
  }

  #expect(sign: string, message: string): void {
    if (this.text[this.#at] !== sign) this.#fail(message);
    this.#at++;
  }

  #fail(message: string): never {
    throw new Unexpected(this.#at >= this.text.length ? `The file ends too early. ${message}` : message, this.#at);
  }
}
