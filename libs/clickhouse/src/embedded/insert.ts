import { createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EngineError } from './engine-error.js';
import { quote, type Output, type Run } from './sessions.js';
import type { InsertHead } from './statement.js';

/** Formats that name their columns themselves or carry a header: an empty body means nothing for any of them. */
export interface InsertFiles {
  readonly directory: string;
  /** A name that no other insert has. */
  readonly nextName: () => string;
}

/**
 * Writes the data aside, then inserts from that file: data never stands in one text with SQL, so that no data can be
 * taken for a statement. The file is removed whatever happens.
 */
export async function insertFromFile(
  run: Run,
  head: InsertHead,
  data: Readable,
  files: InsertFiles,
  signal: AbortSignal,
): Promise<Output> {
  const path = join(files.directory, files.nextName());
  try {
    await pipeline(data, createWriteStream(path, { mode: 0o600 }), { signal });
    const { size } = await stat(path);
    if (size === 0) return { bytes: Buffer.alloc(0), rowsRead: 0, bytesRead: 0 };
    const structure = await structureOf(run, head);
    const into = structure.map(({ name }) => `\`${escapeName(name)}\``).join(', ');
    const columns = structure.map(({ name, type }) => `\`${escapeName(name)}\` ${type}`).join(', ');
    return await run(
      `INSERT INTO ${head.table} (${into}) SELECT * FROM file(${quote(path)}, ${quote(head.format)}, ${quote(columns)})`,
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC')
      throw new EngineError(243, 'NOT_ENOUGH_SPACE', `No space left on the disk of ${files.directory}`, {
        cause: error,
      });
    throw error;
  } finally {
    await rm(path, { force: true });
  }
}

interface TableColumn {
  readonly name: string;
  readonly type: string;
}

/** The columns that the data has, with their types: those named, in that order, or all that can be written. */
async function structureOf(run: Run, head: InsertHead): Promise<TableColumn[]> {
  const described = (await run(`DESCRIBE TABLE ${head.table}`, 'JSONEachRow')).bytes.toString('utf8');
  const all = described
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TableColumn & { default_type: string })
    .filter(({ default_type }) => !['MATERIALIZED', 'ALIAS', 'EPHEMERAL'].includes(default_type));
  if (head.columns === undefined || head.columns.trim() === '') return all;
  return head.columns.split(',').map((written) => {
    const name = unquoted(written.trim());
    const column = all.find((one) => one.name === name);
    if (column === undefined)
      throw new EngineError(16, 'NO_SUCH_COLUMN_IN_TABLE', `No such column ${name} in table ${head.table}`);
    return column;
  });
}

function unquoted(name: string): string {
  return /^[`"]/.test(name) ? name.slice(1, -1).replaceAll(/\\(.)/g, '$1') : name;
}

function escapeName(name: string): string {
  return name.replaceAll('\\', '\\\\').replaceAll('`', '\\`');
}
