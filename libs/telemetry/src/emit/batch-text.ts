import type { BatchHeader } from '#libs/contracts';

const SCHEMA = 1;
const encoder = new TextEncoder();

/** The schema's version as this emitter writes it; a spec holds it to the contract. */
export const WRITTEN_SCHEMA = SCHEMA;

/**
 * A batch as text: the header on the first line, one event a line, the end on the last. JSON holds no line feed of its
 * own, so a batch can be cut between events without parsing it.
 */
export function batchBytes(header: Omit<BatchHeader, 'schema'>, lines: readonly Uint8Array[]): Uint8Array {
  const head = encoder.encode(`${JSON.stringify({ schema: SCHEMA, ...header }).slice(0, -1)},"events":[\n`);
  const tail = encoder.encode('\n]}');
  const separator = encoder.encode(',\n');
  let length = head.length + tail.length + Math.max(0, lines.length - 1) * separator.length;
  for (const line of lines) length += line.length;
  const bytes = new Uint8Array(length);
  bytes.set(head);
  let at = head.length;
  lines.forEach((line, i) => {
    if (i > 0) {
      bytes.set(separator, at);
      at += separator.length;
    }
    bytes.set(line, at);
    at += line.length;
  });
  bytes.set(tail, at);
  return bytes;
}

/** The events of a batch made by `batchBytes`, each as its JSON. */
export function eventLines(batch: Uint8Array): string[] {
  const text = new TextDecoder().decode(batch);
  const start = text.indexOf('\n') + 1;
  const end = text.lastIndexOf('\n');
  return end <= start ? [] : text.slice(start, end).split(',\n');
}
