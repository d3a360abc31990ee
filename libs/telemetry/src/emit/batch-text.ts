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

/** The events of a batch made by `batchBytes`, each as its JSON. */
export function eventLines(batch: Uint8Array): string[] {
  const text = new TextDecoder().decode(batch);
  const start = text.indexOf('\n') + 1;
  const end = text.lastIndexOf('\n');
  return end <= start ? [] : text.slice(start, end).split(',\n');
}
