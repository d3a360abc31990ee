import { mkdir, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { SystemClock, type Clock } from '#libs/time';
import { Spool, SpooledBatchGone, type Pace, type SpooledBatch } from '../ports.js';
import { decodeFrames, encodeFrame, PREFIX_BYTES } from './frames.js';
import { Places } from './places.js';
import { SpoolLock, SpoolLockedError } from './spool-lock.js';

export interface DiskSpoolOptions {
  /** A directory of this process's spool alone, also where containers share a volume; made when missing. */
  readonly directory: string;
  /** Most bytes on disk. Default 256 MiB; at least 10,000. */
  readonly maxBytes?: number;
  /** A new segment file after so many bytes. Default 4 MiB; at least 1. */
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
  /** Of batches not acknowledged. */
  readonly places: Places;
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
  /** Left behind by an earlier process and not given to anybody yet: those after this token, up to the last one. */
  #waiting = 0;
  #given = 0;
  #bytes = 0;
  /** Writes follow one another: frames never mix. */
  #writing: Promise<unknown> = Promise.resolve();

  constructor(options: DiskSpoolOptions, clock: Clock = new SystemClock()) {
    super();
    this.#options = { maxBytes: 256 * 2 ** 20, segmentBytes: 4 * 2 ** 20, fsync: 'always', ...options };
    this.#lock = new SpoolLock(options.directory, clock);
  }

  get bytes(): number {
    return this.#bytes;
  }

  get waiting(): number {
    return this.#waiting;
  }

  async open(pace: Pace, signal?: AbortSignal): Promise<void> {
    await makeDirectory(resolve(this.#options.directory));
    await this.#lock.acquire(signal);
    try {
      await this.#recover(pace, signal);
    } catch (cause) {
      await this.#lock.release();
      throw cause;
    }
  }

  append(batch: Omit<SpooledBatch, 'token'>, body: Uint8Array): Promise<number | undefined> {
    return this.#inTurn(async () => {
      if (this.#lock.lost)
        throw new SpoolLockedError(this.#options.directory, 'another process, to which this one seemed dead');
      const token = this.#nextToken;
      const frame = encodeFrame('batch', { ...batch, token }, body);
      if (this.#bytes + frame.length > this.#options.maxBytes) return undefined;
      const segment = await this.#segmentFor(frame.length);
      this.#nextToken++;
      const start = segment.bytes;
      await this.#write(segment, frame, this.#options.fsync === 'always');
      const bodyAt = start + frame.length - body.length;
      segment.places.add({ token, headerAt: start + PREFIX_BYTES, bodyAt, bodyLength: body.length });
      return token;
    });
  }

  async next(max: number): Promise<readonly SpooledBatch[]> {
    const segment = this.#segments.find(({ places }) => places.hasAfter(this.#given));
    if (this.#waiting === 0 || segment === undefined) return [];
    const found: SpooledBatch[] = [];
    try {
      const file = await open(this.#path(segment.id), 'r');
      try {
        for (const { token, headerAt, bodyAt } of segment.places.after(this.#given, Math.min(max, this.#waiting))) {
          const header = await readAt(file, headerAt, bodyAt - headerAt);
          found.push(JSON.parse(new TextDecoder().decode(header)) as SpooledBatch);
          this.#given = token;
        }
      } finally {
        await file.close();
      }
    } catch (cause) {
      // Those found before are given first; then it fails again.
      if (found.length === 0) this.#passOver(segment, cause);
    }
    this.#waiting -= found.length;
    return found;
  }

  async read(token: number): Promise<Uint8Array> {
    const segment = this.#holderOf(token);
    const place = segment?.places.get(token);
    if (segment === undefined || place === undefined) throw new SpooledBatchGone(`batch ${token} is not in the spool`);
    const file = await open(this.#path(segment.id), 'r').catch((cause: NodeJS.ErrnoException) => {
      throw cause.code === 'ENOENT' ? new SpooledBatchGone(cause.message, { cause }) : cause;
    });
    try {
      return await readAt(file, place.bodyAt, place.bodyLength);
    } finally {
      await file.close();
    }
  }

  acknowledge(token: number): Promise<void> {
    return this.#inTurn(async () => {
      // What another process has taken over, it sends again and acknowledges itself.
      if (this.#lock.lost) return;
      if (this.#holderOf(token)?.places.delete(token) !== true) return;
      const current = this.#segments.at(-1);
      // Not synced, and not written at all while no segment is open (before the first append, after a write that failed):
      // what is forgotten is sent again by a later start, and changes nothing.
      if (this.#file !== undefined && current !== undefined)
        await this.#write(current, encodeFrame('acknowledged', { token }), false);
      await this.#removeDone();
    });
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file?.close();
    this.#file = undefined;
    if (!this.#lock.lost && this.#segments.every(({ places }) => places.size === 0))
      for (const segment of this.#segments.splice(0)) await this.#remove(segment);
    await this.#lock.release();
  }

  async #recover(pace: Pace, signal: AbortSignal | undefined): Promise<void> {
    const names = await readdir(this.#options.directory);
    const ids = names.flatMap((name) => /^(\d{10})\.segment$/.exec(name)?.[1] ?? []).map(Number);
    let memory: Buffer = Buffer.alloc(0);
    for (const id of ids.sort((a, b) => a - b)) {
      signal?.throwIfAborted();
      const bytes = await readInto(memory, this.#path(id));
      memory = bytes.length > memory.length ? bytes : memory;
      await pace.breathe();
      const segment: Segment = { id, bytes: bytes.length, places: new Places() };
      this.#segments.push(segment);
      this.#bytes += bytes.length;
      for (const { kind, header, ...place } of decodeFrames(bytes)) {
        const token = Number(header['token']);
        this.#nextToken = Math.max(this.#nextToken, token + 1);
        if (kind === 'batch') segment.places.add({ token, ...place });
        else this.#holderOf(token)?.places.delete(token);
        if (pace.due()) await pace.breathe();
      }
    }
    await this.#removeDone();
    this.#waiting = this.#segments.reduce((sum, { places }) => sum + places.size, 0);
  }

  /** The rest of a segment that cannot be read. Its file stays. */
  #passOver({ places }: Segment, cause: unknown): never {
    for (const { token } of places.after(this.#given, Infinity)) {
      this.#given = token;
      this.#waiting--;
    }
    throw cause;
  }

  /** The segment that has a batch which is not acknowledged: one of the first, as a rule. */
  #holderOf(token: number): Segment | undefined {
    return this.#segments.find(({ places }) => places.get(token) !== undefined);
  }

  async #segmentFor(length: number): Promise<Segment> {
    const current = this.#segments.at(-1);
    if (this.#file !== undefined && current !== undefined && current.bytes + length <= this.#options.segmentBytes)
      return current;
    await this.#file?.close();
    this.#file = undefined;
    const segment: Segment = { id: (current?.id ?? 0) + 1, bytes: 0, places: new Places() };
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

/** One by one: where a file system takes no directories, as in /proc, Node's own recursive way never comes back. */
async function makeDirectory(directory: string): Promise<void> {
  if (await isDirectory(directory)) return;
  const parent = dirname(directory);
  if (parent !== directory) await makeDirectory(parent);
  try {
    await mkdir(directory);
  } catch (cause) {
    // Another process may have made it in between.
    if (!(await isDirectory(directory))) throw cause;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

async function readAt(file: FileHandle, at: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  const { bytesRead } = await file.read(bytes, 0, length, at);
  if (bytesRead !== length) throw new SpooledBatchGone(`the spool's file ends before ${at + length} bytes`);
  return bytes;
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
