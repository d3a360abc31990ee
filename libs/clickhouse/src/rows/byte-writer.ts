/** Grows as it is written to; ClickHouse's RowBinary is little-endian throughout. */
export class ByteWriter {
  #bytes: Buffer;
  #length = 0;
  #uuidText = '';
  #uuidBytes = Buffer.alloc(0);

  constructor(initialBytes = 1 << 16) {
    this.#bytes = Buffer.allocUnsafe(initialBytes);
  }

  get length(): number {
    return this.#length;
  }

  /** What was written so far; valid until the next write. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  u8(value: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = value;
  }

  i16(value: number): void {
    this.#room(2);
    this.#bytes.writeInt16LE(value, this.#length);
    this.#length += 2;
  }

  u16(value: number): void {
    this.#room(2);
    this.#bytes.writeUInt16LE(value, this.#length);
    this.#length += 2;
  }

  u32(value: number): void {
    this.#room(4);
    const bytes = this.#bytes;
    bytes[this.#length++] = value;
    bytes[this.#length++] = value >>> 8;
    bytes[this.#length++] = value >>> 16;
    bytes[this.#length++] = value >>> 24;
  }

  /** An unsigned or two's complement 64-bit integer. Numbers must be safe integers. */
  i64(value: number | bigint): void {
    if (typeof value === 'bigint') {
      this.#room(8);
      this.#bytes.writeBigInt64LE(BigInt.asIntN(64, value), this.#length);
      this.#length += 8;
      return;
    }
    this.u32(value >>> 0);
    this.u32(Math.floor(value / 4_294_967_296) >>> 0);
  }

  f64(value: number): void {
    this.#room(8);
    this.#bytes.writeDoubleLE(value, this.#length);
    this.#length += 8;
  }

  varint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.u8((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.u8(rest);
  }

  /** Length and UTF-8. Short ASCII, which names are, is written without a call into the runtime. */
  text(value: string): void {
    const { length } = value;
    this.#room(length * 3 + 10);
    if (length < 48) {
      const start = this.#length;
      const bytes = this.#bytes;
      let at = start + 1;
      let i = 0;
      for (; i < length; i++) {
        const code = value.charCodeAt(i);
        if (code > 127) break;
        bytes[at++] = code;
      }
      if (i === length) {
        bytes[start] = length;
        this.#length = at;
        return;
      }
    }
    const size = Buffer.byteLength(value);
    this.varint(size);
    this.#length += this.#bytes.write(value, this.#length, 'utf8');
  }

  /**
   * As RowBinary has it: the two halves of the number, each little-endian. All rows of a batch have one instance, so the
   * last one is kept: reading its digits anew for each row was a quarter of the encoder's time.
   */
  uuid(value: string): void {
    if (value !== this.#uuidText) {
      this.#uuidBytes = Buffer.from(value.replaceAll('-', ''), 'hex');
      this.#uuidBytes.subarray(0, 8).reverse();
      this.#uuidBytes.subarray(8, 16).reverse();
      this.#uuidText = value;
    }
    this.raw(this.#uuidBytes);
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #room(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, needed));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
