import { mkdir, open, readdir, readFile, rm, type FileHandle } from 'node:fs/promises';
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
  /** Batches not acknowledged. */
  open: number;
}

interface Place {
  readonly segment: Segment;
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
  readonly #places = new Map<number, Place>();
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
      segment.open++;
      this.#places.set(token, { segment, at: start + frame.length - body.length, length: body.length });
      return token;
    });
  }

  async read(token: number): Promise<Uint8Array> {
    const place = this.#places.get(token);
    if (place === undefined) throw new RangeError(`batch ${token} is not in the spool`);
    const file = await open(this.#path(place.segment.id), 'r');
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
      const place = this.#places.get(token);
      if (place === undefined) return;
      this.#places.delete(token);
      place.segment.open--;
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
    if (this.#places.size === 0) for (const segment of this.#segments.splice(0)) await this.#remove(segment);
    await this.#lock.release();
  }

  async #recover(pace: Pace): Promise<Iterable<SpooledBatch>> {
    const names = await readdir(this.#options.directory);
    const ids = names.flatMap((name) => /^(\d{10})\.segment$/.exec(name)?.[1] ?? []).map(Number);
    const found = new Map<number, SpooledBatch>();
    for (const id of ids.sort((a, b) => a - b)) {
      const bytes = await readFile(this.#path(id));
      await pace.breathe();
      const segment: Segment = { id, bytes: bytes.length, open: 0 };
      this.#segments.push(segment);
      this.#bytes += bytes.length;
      for (const frame of decodeFrames(bytes)) {
        const token = Number(frame.header['token']);
        this.#nextToken = Math.max(this.#nextToken, token + 1);
        if (frame.kind === 'batch') {
          segment.open++;
          this.#places.set(token, { segment, at: frame.bodyAt, length: frame.bodyLength });
          found.set(token, frame.header as unknown as SpooledBatch);
        } else if (found.delete(token)) {
          this.#places.get(token)!.segment.open--;
          this.#places.delete(token);
        }
        if (pace.due()) await pace.breathe();
      }
    }
    await this.#removeDone();
    return found.values();
  }

  async #segmentFor(length: number): Promise<Segment> {
    const current = this.#segments.at(-1);
    if (this.#file !== undefined && current !== undefined && current.bytes + length <= this.#options.segmentBytes)
      return current;
    await this.#file?.close();
    this.#file = undefined;
    const segment: Segment = { id: (current?.id ?? 0) + 1, bytes: 0, open: 0 };
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
    while (this.#segments.length > last && this.#segments[0]!.open === 0) await this.#remove(this.#segments.shift()!);
    const current = this.#segments[0];
    if (
      last === 1 &&
      this.#segments.length === 1 &&
      current!.open === 0 &&
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

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
