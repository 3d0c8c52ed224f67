import type { Failure } from '../../common/failure';
import { corruptFile, readExactly, truncated } from './files';

/** Reads the header of a GGUF file from front to back through a window, with every length checked against the file. */
export class GgufCursor {
  #window = Buffer.alloc(0);
  #windowStart = 0;
  #position = 0;

  constructor(
    private readonly descriptor: number,
    private readonly path: string,
    private readonly size: number,
  ) {}

  get position(): number {
    return this.#position;
  }

  corrupt(what: string): Failure {
    return corruptFile('gguf', this.path, `${what} (before byte ${this.#position})`);
  }

  /** The next bytes; valid until the next call. */
  bytes(length: number, what = 'the header'): Buffer {
    if (length > this.size - this.#position) {
      if (length > MAX_STRING) throw this.corrupt(`${what} would have ${length} bytes`);
      throw truncated(this.path, this.#position + length, this.size, 'gguf');
    }
    const from = this.#position - this.#windowStart;
    this.#position += length;
    if (from + length <= this.#window.length) return this.#window.subarray(from, from + length);
    this.#windowStart = this.#position - length;
    this.#window = Buffer.allocUnsafe(Math.min(Math.max(WINDOW, length), this.size - this.#windowStart));
    readExactly(this.descriptor, this.path, this.#window, this.#windowStart);
    return this.#window.subarray(0, length);
  }

  uint32(): number {
    return this.bytes(4).readUInt32LE();
  }

  uint64(): number {
    return this.#safe(this.bytes(8).readBigUInt64LE());
  }

  /** A 64-bit count of things of which each takes at least `minimumBytes` of the file. */
  count(what: string, minimumBytes: number): number {
    const count = this.uint64();
    if (count > MAX_COUNT) throw this.corrupt(`${count} ${what}`);
    if (count * minimumBytes > this.size - this.#position)
      throw truncated(this.path, this.#position + count * minimumBytes, this.size, 'gguf');
    return count;
  }

  string(): string {
    const length = this.uint64();
    if (length > MAX_STRING) throw this.corrupt(`a text of ${length} bytes`);
    return this.bytes(length, 'a text').toString('utf8');
  }

  /** A value of one of the metadata types other than array (9). */
  scalar(type: number): number | boolean | string {
    switch (type) {
      case 0:
        return this.bytes(1).readUInt8();
      case 1:
        return this.bytes(1).readInt8();
      case 2:
        return this.bytes(2).readUInt16LE();
      case 3:
        return this.bytes(2).readInt16LE();
      case 4:
        return this.uint32();
      case 5:
        return this.bytes(4).readInt32LE();
      case 6:
        return this.bytes(4).readFloatLE();
      case 7:
        return this.bytes(1).readUInt8() !== 0;
      case 8:
        return this.string();
      case 10:
        return Number(this.bytes(8).readBigUInt64LE());
      case 11:
        return Number(this.bytes(8).readBigInt64LE());
      case 12:
        return this.bytes(8).readDoubleLE();
      default:
        throw this.corrupt(`the unknown metadata type ${type}`);
    }
  }

  /** Bytes that one value of a metadata type takes at least. */
  minimumSize(type: number): number {
    return [1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8][type] ?? 1;
  }

  #safe(value: bigint): number {
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.corrupt(`the impossible number ${value}`);
    return Number(value);
  }
}

const WINDOW = 1 << 20;
/** Far above real headers: chat templates have kilobytes, vocabularies hundreds of thousands of entries. */
const MAX_STRING = 1 << 26;
const MAX_COUNT = 1 << 24;
