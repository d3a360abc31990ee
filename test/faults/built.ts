import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** A built file, for processes of their own. @throws Error when nothing is built: npm test builds first. */
export function built(path: string): string {
  const file = join(import.meta.dirname, '../../dist', path);
  if (!existsSync(file)) throw new Error(`${file} is missing: run npm run build first.`);
  return file;
}
