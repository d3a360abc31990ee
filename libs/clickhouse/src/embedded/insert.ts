import { createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EngineError } from './engine-error.js';
import { quote, quoteName, type Output, type Run } from './sessions.js';
import type { InsertHead } from './statement.js';
import type { TableColumn } from './table-structures.js';

/** Where the data of inserts waits. */
export interface InsertFiles {
  readonly directory: string;
  /** A name that no other insert has. */
  readonly nextName: () => string;
}

/** A file with the data of one insert; `remove` it whatever happens. */
export interface InsertFile {
  readonly path: string;
  readonly bytes: number;
  remove(): Promise<void>;
}

/**
 * Writes the data of an insert aside: data never stands in one text with SQL, so that none can be taken for a
 * statement. Leaves nothing behind when it fails.
 */
export async function receive(data: Readable, files: InsertFiles, signal: AbortSignal): Promise<InsertFile> {
  const path = join(files.directory, files.nextName());
  const remove = () => rm(path, { force: true });
  try {
    await pipeline(data, createWriteStream(path, { mode: 0o600 }), { signal });
    return { path, bytes: (await stat(path)).size, remove };
  } catch (error) {
    await remove();
    throw translated(error, files.directory);
  }
}

/** Inserts from the file. One statement: all of the rows, or none. */
export function insertFrom(
  run: Run,
  head: InsertHead,
  columns: readonly TableColumn[],
  file: InsertFile,
): Promise<Output> {
  const into = columns.map(({ name }) => quoteName(name)).join(', ');
  const structure = columns.map(({ name, type }) => `${quoteName(name)} ${type}`).join(', ');
  return run(
    `INSERT INTO ${head.table} (${into}) ` +
      `SELECT * FROM file(${quote(file.path)}, ${quote(head.format)}, ${quote(structure)})`,
  );
}

function translated(error: unknown, directory: string): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'ENOSPC')
    return new EngineError(243, 'NOT_ENOUGH_SPACE', `No space left on the disk of ${directory}`, { cause: error });
  if (/^(Z_|ZSTD_|ERR__?BROTLI|ERR_BROTLI)/.test(code))
    return new EngineError(354, 'ZLIB_INFLATE_FAILED', `The body is not what its Content-Encoding says: ${code}`, {
      cause: error,
    });
  return error;
}
