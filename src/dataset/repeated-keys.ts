/**
 * Which of many keys come more than once, in two bits for each of eight slots a key. It never denies a key that does,
 * and wrongly accepts about one key in ten.
 */
export class RepeatedKeys {
  readonly #once: Uint32Array;
  readonly #again: Uint32Array;
  readonly #shift: number;

  /** @param capacity keys that will be added at most */
  constructor(capacity: number) {
    let bits = 10;
    while (bits < 31 && 2 ** bits < capacity * 8) bits++;
    this.#once = new Uint32Array(2 ** (bits - 5));
    this.#again = new Uint32Array(2 ** (bits - 5));
    this.#shift = 32 - bits;
  }

  clear(): void {
    this.#once.fill(0);
    this.#again.fill(0);
  }

  /** @param key 32 bits @returns whether it may have been added before; always when it has */
  add(key: number): boolean {
    const slot = Math.imul(key, 0x9e3779b1) >>> this.#shift;
    const word = slot >>> 5;
    const bit = 1 << (slot & 31);
    if ((this.#once[word]! & bit) === 0) {
      this.#once[word]! |= bit;
      return false;
    }
    this.#again[word]! |= bit;
    return true;
  }

  has(key: number): boolean {
    const slot = Math.imul(key, 0x9e3779b1) >>> this.#shift;
    return (this.#again[slot >>> 5]! & (1 << (slot & 31))) !== 0;
  }
}
