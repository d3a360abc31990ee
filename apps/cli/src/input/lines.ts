import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { Host } from '../command/command.js';
import { UsageError } from '../command/errors.js';

/** Lines of a text file, or of stdin for `-`; memory does not grow with it. @throws UsageError when there is no such file. */
export async function* linesOf(path: string, resolved: string, { stdin }: Pick<Host, 'stdin'>): AsyncGenerator<string> {
  if (path !== '-') {
    const found = await stat(resolved).catch(() => undefined);
    if (found === undefined || found.isDirectory())
      throw new UsageError(`There is no file ${JSON.stringify(path)}.`, 'Give the path of a file, or - for stdin.');
  }
  const source = path === '-' ? Readable.from(stdin) : createReadStream(resolved);
  yield* createInterface({ input: source, crlfDelay: Infinity });
}
