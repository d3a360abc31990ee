import { createHash, randomBytes, type Hash } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { SnapshotError } from '../errors.js';
import type { SnapshotPart, SnapshotStore } from '../manage/snapshot.js';

/** A first line that tells what it is, frames of a length and a part, a length of 0, and the SHA-256 of all before it. */
const MAGIC = Buffer.from('allibrary cache snapshot 1\n');
const DIGEST_BYTES = 32;
/** Parts are gathered into writes, and read, of about so many bytes. */
const BLOCK_BYTES = 1_048_576;
/** A longer part is none that was written here. */
const MOST_PART_BYTES = 2 ** 30;

/**
 * Keeps a cache's snapshot in one file. It takes the place of the one before as a whole, when it is on disk; what a
 * process that died left beside it is removed by nobody but is never read. A file that is damaged, cut or of another
 * version is refused before its first part. Values are what structured cloning keeps.
 */
export function snapshotFile(path: string): SnapshotStore {
  return {
    write: (parts) => write(path, parts),
    read: () => read(path),
  };
}

async function write(path: string, parts: AsyncIterable<SnapshotPart>): Promise<{ readonly bytes: number }> {
  const beside = `${path}.${randomBytes(6).toString('hex')}.part`;
  const file = await open(beside, 'wx', 0o600);
  try {
    const bytes = await writeParts(file, parts);
    await file.sync();
    await file.close();
    await rename(beside, path);
    await syncFolder(dirname(path));
    return { bytes };
  } catch (problem) {
    await file.close().catch(() => undefined);
    await rm(beside, { force: true });
    throw problem;
  }
}

async function writeParts(file: FileHandle, parts: AsyncIterable<SnapshotPart>): Promise<number> {
  const hash = createHash('sha256');
  let bytes = 0;
  let waiting: Buffer[] = [MAGIC];
  let size = MAGIC.length;
  const flush = async () => {
    const block = Buffer.concat(waiting);
    hash.update(block);
    await file.appendFile(block);
    bytes += block.length;
    waiting = [];
    size = 0;
  };
  for await (const part of parts) {
    const frame = serialize(part);
    waiting.push(lengthOf(frame.length), frame);
    size += frame.length;
    if (size >= BLOCK_BYTES) await flush();
  }
  waiting.push(lengthOf(0));
  await flush();
  await file.appendFile(hash.digest());
  return bytes + DIGEST_BYTES;
}

/** What was renamed is on disk when its folder is; where folders cannot be opened, as on Windows, nothing is lost but time. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

async function* read(path: string): AsyncGenerator<SnapshotPart> {
  const file = await open(path, 'r').catch((problem: unknown) => {
    const { code = 'unknown' } = problem as NodeJS.ErrnoException;
    throw new SnapshotError(`The snapshot cannot be read (${code}). Export one first.`);
  });
  try {
    // Twice over the file: nothing of a damaged one may be taken in, and it may be larger than memory.
    const end = await checked(file);
    for (let at = MAGIC.length; at < end;) {
      const length = (await bytesAt(file, at, 4)).readUInt32LE();
      if (length === 0) return;
      if (length > MOST_PART_BYTES || at + 4 + length > end) throw damaged();
      yield deserialize(await bytesAt(file, at + 4, length)) as SnapshotPart;
      at += 4 + length;
    }
    throw damaged();
  } finally {
    await file.close();
  }
}

/** Where the parts end. @throws SnapshotError */
async function checked(file: FileHandle): Promise<number> {
  const { size } = await file.stat();
  if (size < MAGIC.length + DIGEST_BYTES) throw damaged();
  if (!(await bytesAt(file, 0, MAGIC.length)).equals(MAGIC))
    throw new SnapshotError('The file is no snapshot of a cache, or one of another version. Export it anew.');
  const end = size - DIGEST_BYTES;
  const hash: Hash = createHash('sha256');
  for (let at = 0; at < end; at += BLOCK_BYTES) hash.update(await bytesAt(file, at, Math.min(BLOCK_BYTES, end - at)));
  if (!hash.digest().equals(await bytesAt(file, end, DIGEST_BYTES))) throw damaged();
  return end;
}

async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  if (bytesRead < length) throw damaged();
  return buffer;
}

function lengthOf(bytes: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes);
  return length;
}

const damaged = () =>
  new SnapshotError('The snapshot is damaged: its checksum is not that of its content. Export it anew.');
