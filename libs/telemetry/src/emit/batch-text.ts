import type { BatchHeader } from '#libs/contracts';

const SCHEMA = 1;
const encoder = new TextEncoder();
const SEPARATOR = encoder.encode(',\n');
const END = encoder.encode('\n]}');

/** The schema's version as this emitter writes it; a spec holds it to the contract. */
export const WRITTEN_SCHEMA = SCHEMA;

/** Some events as text, one a line, without a line feed at the end. */
export interface Chunk {
  readonly bytes: Uint8Array;
  readonly events: number;
}

/** Events as one chunk. Few large chunks are put together much faster than thousands of lines. */
export function chunkOf(lines: readonly string[]): Chunk {
  return { bytes: encoder.encode(lines.join(',\n')), events: lines.length };
}

/**
 * A batch as text: the header on the first line, one event a line, the end on the last. JSON holds no line feed of its
 * own, so a batch can be cut between events without parsing it.
 */
export function batchBytes(header: Omit<BatchHeader, 'schema'>, chunks: readonly Chunk[]): Uint8Array {
  const head = encoder.encode(`${JSON.stringify({ schema: SCHEMA, ...header }).slice(0, -1)},"events":[\n`);
  const full = chunks.filter(({ events }) => events > 0).map(({ bytes }) => bytes);
  const parts = [head, ...full.flatMap((bytes, i) => (i === 0 ? [bytes] : [SEPARATOR, bytes])), END];
  const batch = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    batch.set(part, at);
    at += part.length;
  }
  return batch;
}

const LINE_FEED = 10;
const NOT_ASCII = /[\u0080-\uffff]/;

/** Bytes of a text in UTF-8. Most lines are ASCII, and finding that out is cheaper than encoding. */
export function utf8Bytes(text: string): number {
  return NOT_ASCII.test(text) ? encoder.encode(text).length : text.length;
}

/** The events of a batch made by `batchBytes`, cut in two between events; in one when there is only one, none when none. */
export function halvesOf(batch: Uint8Array): Chunk[] {
  const start = batch.indexOf(LINE_FEED) + 1;
  const end = batch.lastIndexOf(LINE_FEED);
  if (end <= start) return [];
  const breaks: number[] = [];
  for (let at = batch.indexOf(LINE_FEED, start); at < end; at = batch.indexOf(LINE_FEED, at + 1)) breaks.push(at);
  const events = breaks.length + 1;
  if (events === 1) return [{ bytes: batch.subarray(start, end), events }];
  const half = events >> 1;
  const cut = breaks[half - 1]!;
  // Without the comma before the break and the line feed itself.
  return [
    { bytes: batch.subarray(start, cut - 1), events: half },
    { bytes: batch.subarray(cut + 1, end), events: events - half },
  ];
}
