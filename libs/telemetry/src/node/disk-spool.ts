import { mkdir, open, readdir, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Spool, type Pace, type SpooledBatch } from '../ports.js';
import { decodeFrames, encodeFrame } from './frames.js';
import { SpoolLock } from './spool-lock.js';

export interface DiskSpoolOptions {
  /** A directory of this spool alone; made when missing. */
  readonly directory: string;
  /** Most bytes on disk. Default 256 MiB. */
  readonly maxBytes?: number;
  /** A new segment file after so many bytes. Default 4 MiB. */
  readonly segmentBytes?: number;
  /**
   * `always`: a batch is on the disk itself before it is sent, and survives a power failure. `never`: it survives the
   * process. Default `always`: it costs the host nothing, the thread pool waits.
   */
  readonly fsync?: 'always' | 'never';
}

interface Segment {
  readonly id: number;
  bytes: number;
  /** Batches not acknowledged, by token. One large map for all segments would hold up the host whenever it grows. */
  readonly places: Map<number, Place>;
}

interface Place {
  readonly at: number;
  readonly length: number;
}

/**
 * A spool in segment files. Batches are only ever appended; acknowledgements are appended too; a segment goes when it
 * and all older ones hold nothing unacknowledged. Nothing is appended to a segment of an earlier process, whose last
 * frame may be torn.
 */
export class DiskSpool extends Spool {
  readonly #options: Required<DiskSpoolOptions>;
  readonly #lock: SpoolLock;
  readonly #segments: Segment[] = [];
  #file: FileHandle | undefined;
  #nextToken = 1;
  #bytes = 0;
  /** Writes follow one another: frames never mix. */
  #writing: Promise<unknown> = Promise.resolve();

  constructor(options: DiskSpoolOptions) {
    super();
    this.#options = { maxBytes: 256 * 2 ** 20, segmentBytes: 4 * 2 ** 20, fsync: 'always', ...options };
    this.#lock = new SpoolLock(options.directory);
  }

  get bytes(): number {
    return this.#bytes;
  }

  async open(pace: Pace): Promise<Iterable<SpooledBatch>> {
    await mkdir(this.#options.directory, { recursive: true });
    await this.#lock.acquire();
    try {
      return await this.#recover(pace);
    } catch (cause) {
      await this.#lock.release();
      throw cause;
    }
  }

  append(batch: Omit<SpooledBatch, 'token'>, body: Uint8Array): Promise<number | undefined> {
    return this.#inTurn(async () => {
      const token = this.#nextToken;
      const frame = encodeFrame('batch', { ...batch, token }, body);
      if (this.#bytes + frame.length > this.#options.maxBytes) return undefined;
      const segment = await this.#segmentFor(frame.length);
      this.#nextToken++;
      const start = segment.bytes;
      await this.#write(segment, frame, this.#options.fsync === 'always');
      segment.places.set(token, { at: start + frame.length - body.length, length: body.length });
      return token;
    });
  }

  async read(token: number): Promise<Uint8Array> {
    const segment = this.#holderOf(token);
    const place = segment?.places.get(token);
    if (segment === undefined || place === undefined) throw new RangeError(`batch ${token} is not in the spool`);
    const file = await open(this.#path(segment.id), 'r');
    try {
      const body = new Uint8Array(place.length);
      const { bytesRead } = await file.read(body, 0, place.length, place.at);
      if (bytesRead !== place.length) throw new RangeError(`batch ${token} is cut off`);
      return body;
    } finally {
      await file.close();
    }
  }

  acknowledge(token: number): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#holderOf(token)?.places.delete(token) !== true) return;
      const current = this.#segments.at(-1);
      // Not synced: what a crash forgets is sent again, and changes nothing.
      if (this.#file !== undefined && current !== undefined)
        await this.#write(current, encodeFrame('acknowledged', { token }), false);
      await this.#removeDone();
    });
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file?.close();
    this.#file = undefined;
    if (this.#segments.every(({ places }) => places.size === 0))
      for (const segment of this.#segments.splice(0)) await this.#remove(segment);
    await this.#lock.release();
  }

  async #recover(pace: Pace): Promise<Iterable<SpooledBatch>> {
    const names = await readdir(this.#options.directory);
    const ids = names.flatMap((name) => /^(\d{10})\.segment$/.exec(name)?.[1] ?? []).map(Number);
    const found: Map<number, SpooledBatch>[] = [];
    let memory: Buffer = Buffer.alloc(0);
    for (const id of ids.sort((a, b) => a - b)) {
      const bytes = await readInto(memory, this.#path(id));
      memory = bytes.length > memory.length ? bytes : memory;
      await pace.breathe();
      const segment: Segment = { id, bytes: bytes.length, places: new Map() };
      const batches = new Map<number, SpooledBatch>();
      this.#segments.push(segment);
      found.push(batches);
      this.#bytes += bytes.length;
      for (const frame of decodeFrames(bytes)) {
        const token = Number(frame.header['token']);
        this.#nextToken = Math.max(this.#nextToken, token + 1);
        if (frame.kind === 'batch') {
          segment.places.set(token, { at: frame.bodyAt, length: frame.bodyLength });
          batches.set(token, frame.header as unknown as SpooledBatch);
        } else if (this.#holderOf(token)?.places.delete(token) === true)
          for (const some of found) if (some.delete(token)) break;
        if (pace.due()) await pace.breathe();
      }
    }
    await this.#removeDone();
    return batchesOf(found);
  }

  /** The segment that has a batch which is not acknowledged: one of the first, as a rule. */
  #holderOf(token: number): Segment | undefined {
    return this.#segments.find(({ places }) => places.has(token));
  }

  async #segmentFor(length: number): Promise<Segment> {
    const current = this.#segments.at(-1);
    if (this.#file !== undefined && current !== undefined && current.bytes + length <= this.#options.segmentBytes)
      return current;
    await this.#file?.close();
    this.#file = undefined;
    const segment: Segment = { id: (current?.id ?? 0) + 1, bytes: 0, places: new Map() };
    this.#file = await open(this.#path(segment.id), 'wx');
    // The name of a new file is durable only when its directory is. Windows has no such call and needs none.
    if (this.#options.fsync === 'always' && process.platform !== 'win32') await syncDirectory(this.#options.directory);
    this.#segments.push(segment);
    return segment;
  }

  async #write(segment: Segment, frame: Buffer, sync: boolean): Promise<void> {
    const file = this.#file!;
    try {
      await file.write(frame, 0, frame.length, segment.bytes);
      if (sync) await file.datasync();
    } catch (cause) {
      // What was written of it would hide later frames behind it: this segment takes no more.
      await file.close().catch(() => undefined);
      this.#file = undefined;
      throw cause;
    }
    segment.bytes += frame.length;
    this.#bytes += frame.length;
  }

  async #removeDone(): Promise<void> {
    // The one being written stays: it holds the acknowledgements of those before it.
    const last = this.#file === undefined ? 0 : 1;
    while (this.#segments.length > last && this.#segments[0]!.places.size === 0)
      await this.#remove(this.#segments.shift()!);
    const current = this.#segments[0];
    if (
      last === 1 &&
      this.#segments.length === 1 &&
      current!.places.size === 0 &&
      current!.bytes > this.#options.segmentBytes / 2
    ) {
      await this.#file!.close();
      this.#file = undefined;
      await this.#remove(this.#segments.shift()!);
    }
  }

  async #remove(segment: Segment): Promise<void> {
    await rm(this.#path(segment.id), { force: true });
    this.#bytes -= segment.bytes;
  }

  #path(id: number): string {
    return join(this.#options.directory, `${String(id).padStart(10, '0')}.segment`);
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#writing.then(work);
    this.#writing = done.catch(() => undefined);
    return done;
  }
}

function* batchesOf(segments: readonly Map<number, SpooledBatch>[]): Generator<SpooledBatch> {
  for (const batches of segments) yield* batches.values();
}

/** A whole file, in the memory given where it fits: that of one file after another would soon have to be collected. */
async function readInto(memory: Buffer, path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const bytes = size <= memory.length ? memory.subarray(0, size) : Buffer.allocUnsafeSlow(size);
    let at = 0;
    for (let read = -1; at < size && read !== 0; at += read)
      read = (await file.read(bytes, at, size - at, at)).bytesRead;
    return bytes.subarray(0, at);
  } finally {
    await file.close();
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
