import { deserialize, serialize } from 'node:v8';

/** How values are written down. What it makes of a value, it gives back as an equal one, in any later process. */
export interface ValueCodec {
  /** Kept with each entry, 0 to 255: an entry of another codec is a miss. Those below 16 are taken. */
  readonly id: number;
  /** @throws for a value that cannot be written down. */
  encode(value: unknown): Uint8Array;
  /** The bytes are its own. @throws for bytes that `encode` did not make. */
  decode(bytes: Uint8Array): unknown;
}

/** Everything that structured cloning keeps: Dates, Maps, Sets, bytes, bigints, cycles. Not functions, nor classes. */
export const structuredCodec: ValueCodec = {
  id: 1,
  encode: serialize,
  decode: deserialize,
};

/** JSON, for values that other programs read too; faster than `structuredCodec` for large plain objects. Dates become texts. */
export const jsonCodec: ValueCodec = {
  id: 2,
  encode(value) {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) throw new TypeError(`JSON has nothing for a value of type ${typeof value}.`);
    return Buffer.from(text);
  },
  decode: (bytes) => JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()) as unknown,
};
