import { EngineError } from './engine-error.js';
import { readType, type NativeType } from './native-types.js';

/** The revision of the protocol from which on each column says whether it is serialised in a way of its own. */
const CUSTOM_SERIALIZATION = 54_454;
/** Fields 1 (is it overflow: no) and 2 (bucket: none), then the end. */
const BLOCK_INFO = Buffer.from([1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0]);
const NO_CUSTOM_SERIALIZATION = Buffer.from([0]);

/**
 * Native blocks as a client of the given protocol revision reads them: `client_protocol_version` in the URL, which
 * clickhouse-go sends, and the engine in process does not take. From revision 1 on each block begins with its info, from
 * 54454 on each column has a flag behind its type. Data stays where it is; O(columns × blocks), and O(rows) for strings.
 *
 * @throws EngineError NOT_IMPLEMENTED for types whose length is not known here.
 */
export function forRevision(native: Buffer, revision: number): Buffer {
  if (!(revision > 0)) return native;
  const parts: Buffer[] = [];
  const reader = new NativeReader(native);
  let copied = 0;
  const upTo = (at: number) => {
    parts.push(native.subarray(copied, at));
    copied = at;
  };
  while (!reader.done) {
    parts.push(BLOCK_INFO);
    const columns = reader.varint();
    const rows = reader.varint();
    for (let column = 0; column < columns; column++) {
      reader.skip(reader.varint());
      const type = readType(reader.text(reader.varint()));
      upTo(reader.at);
      if (revision >= CUSTOM_SERIALIZATION) parts.push(NO_CUSTOM_SERIALIZATION);
      if (rows === 0) continue;
      skipPrefix(reader, type);
      skipColumn(reader, type, rows);
    }
    upTo(reader.at);
  }
  return Buffer.concat(parts);
}

class NativeReader {
  at = 0;

  constructor(private readonly bytes: Buffer) {}

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  skip(length: number): void {
    this.at += length;
    if (this.at > this.bytes.length)
      throw new EngineError(32, 'ATTEMPT_TO_READ_AFTER_EOF', 'A Native block ends early.');
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.at];
      this.skip(1);
      value += ((byte ?? 0) & 0x7f) * scale;
      if (byte === undefined || byte < 0x80) return value;
    }
  }

  text(length: number): string {
    this.skip(length);
    return this.bytes.toString('utf8', this.at - length, this.at);
  }

  uint64(): number {
    this.skip(8);
    return Number(this.bytes.readBigUInt64LE(this.at - 8));
  }
}

/** What stands before the data of a column, of all its parts: the version of a dictionary. */
function skipPrefix(reader: NativeReader, type: NativeType): void {
  if (type.kind === 'dictionary') reader.skip(8);
  else if (type.kind === 'tuple') for (const part of type.parts) skipPrefix(reader, part);
  else if (type.kind === 'nullable' || type.kind === 'array') skipPrefix(reader, type.inner);
}

function skipColumn(reader: NativeReader, type: NativeType, rows: number): void {
  switch (type.kind) {
    case 'fixed':
      return reader.skip(type.bytes * rows);
    case 'string':
      for (let row = 0; row < rows; row++) reader.skip(reader.varint());
      return;
    case 'nullable':
      reader.skip(rows);
      return skipColumn(reader, type.inner, rows);
    case 'tuple':
      for (const part of type.parts) skipColumn(reader, part, rows);
      return;
    case 'array': {
      if (rows > 0) reader.skip(8 * (rows - 1));
      return skipColumn(reader, type.inner, rows > 0 ? reader.uint64() : 0);
    }
    case 'dictionary': {
      if (rows === 0) return;
      const indexBytes = 2 ** (reader.uint64() & 0xff);
      skipColumn(reader, type.inner, reader.uint64());
      return reader.skip(indexBytes * reader.uint64());
    }
  }
}
