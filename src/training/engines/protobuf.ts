/** The writing half of Protocol Buffers, as far as an ONNX file needs it (protobuf.dev/programming-guides/encoding). */
export class ProtobufWriter {
  readonly #chunks: Uint8Array[] = [];

  integer(field: number, value: number): this {
    return this.#push(varint(field * 8), varint(value));
  }
  bytes(field: number, value: Uint8Array): this {
    return this.#push(varint(field * 8 + 2), varint(value.length), value);
  }
  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }
  message(field: number, write: (writer: ProtobufWriter) => void): this {
    const writer = new ProtobufWriter();
    write(writer);
    return this.bytes(field, writer.finish());
  }
  finish(): Uint8Array {
    const result = new Uint8Array(this.#chunks.reduce((n, chunk) => n + chunk.length, 0));
    let at = 0;
    for (const chunk of this.#chunks) {
      result.set(chunk, at);
      at += chunk.length;
    }
    return result;
  }
  #push(...chunks: Uint8Array[]): this {
    this.#chunks.push(...chunks);
    return this;
  }
}

/** Base-128 integer; negative numbers as ten bytes of two's complement. */
function varint(value: number): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 128 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}
