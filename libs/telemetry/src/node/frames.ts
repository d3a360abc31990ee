import { crc32 } from 'node:zlib';

/**
 * Frames of a spool's segment: magic, kind, length of the header, length of the body, CRC-32 of both; header (JSON);
 * body. Numbers are little-endian. A frame that was not written whole fails its checksum or its length.
 */
export type FrameKind = 'batch' | 'acknowledged';

export interface Frame {
  readonly kind: FrameKind;
  readonly header: Readonly<Record<string, unknown>>;
  /** Where header and body lie in the segment; the body comes right behind the header. */
  readonly headerAt: number;
  readonly bodyAt: number;
  readonly bodyLength: number;
}

const MAGIC = 0x53_50_4c_31;
/** What a frame begins with, before its header. */
export const PREFIX_BYTES = 17;
const KINDS: readonly FrameKind[] = ['batch', 'acknowledged'];
const EMPTY = new Uint8Array();

export function encodeFrame(kind: FrameKind, header: object, body: Uint8Array = EMPTY): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + json.length + body.length);
  frame.writeUInt32LE(MAGIC, 0);
  frame.writeUInt8(KINDS.indexOf(kind), 4);
  frame.writeUInt32LE(json.length, 5);
  frame.writeUInt32LE(body.length, 9);
  json.copy(frame, PREFIX_BYTES);
  frame.set(body, PREFIX_BYTES + json.length);
  frame.writeUInt32LE(crc32(frame.subarray(PREFIX_BYTES), frame[4]), 13);
  return frame;
}

/** The whole frames of a segment, up to the first that is not: what was being written when the process was killed. */
export function* decodeFrames(segment: Buffer): Generator<Frame> {
  let at = 0;
  while (at + PREFIX_BYTES <= segment.length && segment.readUInt32LE(at) === MAGIC) {
    const kind = KINDS[segment[at + 4]!];
    const headerLength = segment.readUInt32LE(at + 5);
    const bodyLength = segment.readUInt32LE(at + 9);
    const end = at + PREFIX_BYTES + headerLength + bodyLength;
    if (kind === undefined || end > segment.length) break;
    if (crc32(segment.subarray(at + PREFIX_BYTES, end), segment[at + 4]) !== segment.readUInt32LE(at + 13)) break;
    const headerAt = at + PREFIX_BYTES;
    const bodyAt = headerAt + headerLength;
    const header: unknown = JSON.parse(segment.toString('utf8', headerAt, bodyAt));
    yield { kind, header: header as Frame['header'], headerAt, bodyAt, bodyLength };
    at = end;
  }
}
