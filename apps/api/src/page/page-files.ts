import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, posix } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

export interface PageFile {
  readonly body: Buffer;
  /** The body by brotli, where that is smaller. */
  readonly brotli: Buffer | undefined;
  readonly contentType: string;
  /** Its name holds a hash of its content, so that it never changes. */
  readonly immutable: boolean;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  // Runbooks: browsers show no Markdown, but every one shows text.
  '.md': 'text/plain; charset=utf-8',
};
const COMPRESSED = new Set(['.html', '.js', '.css', '.svg', '.json', '.txt', '.md']);

/** Reads the built page into memory by its paths, once: a request then touches no file and can name no other one. */
export function readPage(directory: string): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  if (!existsSync(directory)) return files;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const contentType = CONTENT_TYPES[extname(entry.name)];
    if (!entry.isFile() || contentType === undefined) continue;
    const folder = entry.parentPath.slice(directory.length).replaceAll('\\', '/');
    const path = posix.join('/', folder, entry.name);
    const body = readFileSync(join(entry.parentPath, entry.name));
    const file = {
      body,
      brotli: compressed(body, extname(entry.name)),
      contentType,
      immutable: path.startsWith('/assets/'),
    };
    files.set(path, file);
    if (path === '/index.html') files.set('/', file);
  }
  return files;
}

function compressed(body: Buffer, extension: string): Buffer | undefined {
  if (!COMPRESSED.has(extension)) return undefined;
  const brotli = brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
  return brotli.length < body.length ? brotli : undefined;
}
