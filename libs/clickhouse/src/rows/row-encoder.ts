import type { Column, ColumnType, ColumnValue, RowContext } from '#libs/contracts';
import { ByteWriter } from './byte-writer.js';

type WriteValue = (out: ByteWriter, value: ColumnValue) => void;

/** How each column type is written in RowBinary. A LowCardinality(String) is a String there. */
const WRITE: { readonly [Type in ColumnType]: WriteValue } = {
  'LowCardinality(String)': (out, value) => out.text(value as string),
  String: (out, value) => out.text(value as string),
  UUID: (out, value) => out.uuid(value as string),
  UInt8: (out, value) => out.u8(value as number),
  UInt16: (out, value) => out.u16(value as number),
  UInt32: (out, value) => out.u32(value as number),
  UInt64: (out, value) => out.i64(value as number | bigint),
  Int64: (out, value) => out.i64(value as number | bigint),
  Float64: (out, value) => out.f64(value as number),
  "DateTime('UTC')": (out, value) => out.u32(value as number),
  "DateTime64(3, 'UTC')": (out, value) => out.i64(value as number),
  'Nullable(UInt64)': nullable((out, value) => out.i64(value as number | bigint)),
  'Nullable(Float64)': nullable((out, value) => out.f64(value as number)),
  'Map(LowCardinality(String), String)': map(
    (out, value) => out.text(value as string),
    (out, value) => out.text(value as string),
  ),
  'Map(LowCardinality(String), UInt64)': map(
    (out, value) => out.text(value as string),
    (out, value) => out.i64(value as number | bigint),
  ),
  'Map(Int16, UInt64)': map(
    (out, value) => out.i16(value as number),
    (out, value) => out.i64(value as number | bigint),
  ),
  'Array(UInt32)': (out, value) => {
    const items = value as readonly number[];
    out.varint(items.length);
    for (const item of items) out.u32(item);
  },
};

/** Writes rows of one table as RowBinary. */
export class RowEncoder<Row> {
  readonly #writers: readonly WriteValue[];

  constructor(private readonly columns: readonly Column<Row>[]) {
    this.#writers = columns.map(({ type }) => WRITE[type]);
  }

  /** The columns in the order in which they are written, quoted for an INSERT. */
  get columnList(): string {
    return this.columns.map(({ name }) => `\`${name}\``).join(', ');
  }

  /** O(columns), and the size of what is written. */
  write(out: ByteWriter, row: Row, context: RowContext): void {
    const { columns } = this;
    for (let i = 0; i < columns.length; i++) this.#writers[i]!(out, columns[i]!.value(row, context));
  }
}

function nullable(write: WriteValue): WriteValue {
  return (out, value) => {
    if (value === null) return out.u8(1);
    out.u8(0);
    write(out, value);
  };
}

/** A map comes as a flat list of keys and values in turn. */
function map(writeKey: WriteValue, writeValue: WriteValue): WriteValue {
  return (out, value) => {
    const flat = value as readonly (string | number | bigint)[];
    out.varint(flat.length / 2);
    for (let i = 0; i < flat.length; i += 2) {
      writeKey(out, flat[i]!);
      writeValue(out, flat[i + 1]!);
    }
  };
}
