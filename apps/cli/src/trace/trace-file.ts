import { open, stat } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { PassThrough, Readable, type Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CliError, EmptyInputError, UsageError } from '../command/errors.js';
import { EXIT } from '../command/exit-codes.js';
import { TraceParser, type TraceAccess, type TraceOptions } from './trace-parser.js';

/** How much of a trace is read before a replay begins, in bytes on disk: a fraction of a second. */
const CHECKED_BYTES = 8 * 2 ** 20;

/** A trace on disk, read in pieces; gzip is told by its first two bytes, not by the name. */
export class TraceFile {
  readonly path: string;
  /** Size of the file as it lies on disk, in bytes. */
  readonly totalBytes: number;
  readonly #gzip: boolean;
  readonly #options: TraceOptions;
  #readBytes = 0;

  private constructor(path: string, totalBytes: number, gzip: boolean, options: TraceOptions) {
    this.path = path;
    this.totalBytes = totalBytes;
    this.#gzip = gzip;
    this.#options = options;
  }

  /** @throws UsageError when there is no such file, EmptyInputError when nothing is in it. */
  static async open(path: string, options: TraceOptions): Promise<TraceFile> {
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory() === true)
      throw new UsageError(`${JSON.stringify(path)} is a folder.`, 'Give the path of a trace file in it.');
    if (found === undefined || !found.isFile())
      throw new UsageError(`There is no trace ${JSON.stringify(path)}.`, 'Give the path of a file, plain or gzip.');
    if (found.size === 0) throw noKey(path);
    const handle = await open(path);
    try {
      const head = Buffer.alloc(2);
      const { bytesRead } = await handle.read(head, 0, 2, 0);
      return new TraceFile(path, found.size, bytesRead === 2 && head[0] === 0x1f && head[1] === 0x8b, options);
    } finally {
      await handle.close();
    }
  }

  /** How much of the file has been read, 0 to 1. */
  get share(): number {
    return this.totalBytes === 0 ? 1 : this.#readBytes / this.totalBytes;
  }

  /**
   * Reads the first mebibytes, all of a small trace, so that common mistakes show before a replay begins.
   * @param needsTimes whether a trace without times is one of them.
   * @throws as read() does, EmptyInputError when there is no access in all of it, UsageError when no time that is needed.
   */
  async checkBeginning({ needsTimes = false } = {}): Promise<void> {
    let accesses = 0;
    let timed = false;
    for await (const some of this.read()) {
      accesses += some.length;
      timed ||= some.some(({ timeMs }) => timeMs !== undefined);
      if (this.#readBytes > CHECKED_BYTES) break;
    }
    if (accesses === 0) throw noKey(this.path);
    if (needsTimes && !timed)
      throw new UsageError(
        `The first ${accesses} accesses of the trace ${JSON.stringify(this.path)} have no time: --speed has nothing to keep to.`,
        'Leave --speed out, or give --rate N. Times are the third column, or the one that is named time, timestamp or ts.',
      );
  }

  /**
   * The accesses in order, some thousands at a time; memory does not grow with the file.
   * @throws TraceError for a line that cannot be read, CliError when the file cannot be unpacked.
   */
  async *read(): AsyncGenerator<readonly TraceAccess[]> {
    this.#readBytes = 0;
    const file = createReadStream(this.path, { highWaterMark: 64 * 1024 });
    file.on('data', (chunk) => {
      this.#readBytes += chunk.length;
    });
    file.pause();
    const unpack: Transform = this.#gzip ? createGunzip({ chunkSize: 64 * 1024 }) : new PassThrough();
    const done = pipeline(file, unpack);
    // The reading loop below meets the same failure; without this the rejection would be unhandled.
    done.catch(() => undefined);
    const parser = new TraceParser(this.#options);
    const decoder = new TextDecoder('utf-8');
    try {
      for await (const chunk of unpack as Readable) {
        const accesses = parser.push(decoder.decode(chunk as Uint8Array, { stream: true }));
        if (accesses.length > 0) yield accesses;
      }
    } catch (error) {
      throw unpackError(this.path, error);
    } finally {
      file.destroy();
      unpack.destroy();
    }
    const last = [...parser.push(decoder.decode()), ...parser.end()];
    if (last.length > 0) yield last;
  }
}

function noKey(path: string): EmptyInputError {
  return new EmptyInputError(path, 'no key', 'Give a file with one key per line, or CSV with more than a header.');
}

function unpackError(path: string, error: unknown): unknown {
  const code = (error as { code?: unknown }).code;
  if (typeof code !== 'string' || !code.startsWith('Z_')) return error;
  return new CliError(
    'TRACE',
    `${path} cannot be unpacked: ${(error as Error).message}.`,
    EXIT.failed,
    'Fetch the file again; it is damaged or cut off.',
    { cause: error },
  );
}
