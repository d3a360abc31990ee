import { deserialize, serialize } from 'node:v8';
import type { OptionProblem } from '../errors.js';

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

/** What is wrong with the codec that a tier is given. */
export function codecProblems(codec: ValueCodec | undefined): OptionProblem[] {
  if (codec === undefined || codec === structuredCodec || codec === jsonCodec) return [];
  const { id, encode, decode } = (codec ?? {}) as Partial<ValueCodec>;
  if (typeof encode !== 'function' || typeof decode !== 'function')
    return [{ path: 'codec', message: 'is none. Give an object with id, encode and decode, or leave it out.' }];
  if (Number.isInteger(id) && id! > 15 && id! < 256) return [];
  return [
    { path: 'codec.id', message: `${String(id)} is no number for a codec. Give one of your own, from 16 to 255.` },
  ];
}

/** The same codec with errors that tell nothing of a value: what engines say of one has its text, or names of its fields. */
export function discreet(codec: ValueCodec): ValueCodec {
  const { id } = codec;
  return {
    id,
    encode(value) {
      try {
        return codec.encode(value);
      } catch (error) {
        throw unwritable(value, id, error);
      }
    },
    decode(bytes) {
      try {
        return codec.decode(bytes);
      } catch (error) {
        throw unreadable(id, error);
      }
    },
  };
}

// Neither has a cause: it would be written to logs, too.

function unwritable(value: unknown, id: number, error: unknown): TypeError {
  const what = typeof value === 'object' && value !== null ? 'it holds what' : `it is of type ${typeof value}, which`;
  return new TypeError(
    `${what} codec ${id} has nothing for (${nameOf(error)}). Give plain values, or the tier a codec that knows it.`,
  );
}

function unreadable(id: number, error: unknown): TypeError {
  return new TypeError(`codec ${id} cannot read it (${nameOf(error)})`);
}

/** The kind of an error, if it is named as kinds are. */
function nameOf(error: unknown): string {
  const name = (error as { readonly name?: unknown } | undefined)?.name;
  return typeof name === 'string' && /^\w{1,40}$/.test(name) ? name : 'Error';
}
