import { statfsSync } from 'node:fs';
import { open, type RootDatabase } from 'lmdb';

/**
 * Opens an LMDB environment whose writes are on disk when they resolve.
 *
 * Two of lmdb's defaults are turned off, for what they do when a write fails (a full disk): with `overlappingSync` a
 * failed commit leaves `close` waiting for ever, with `eventTurnBatching` its rejection reaches nobody and ends the
 * process. Neither costs throughput here, since writes are gathered into one transaction before they get to LMDB.
 */
export function openLmdb(
  path: string,
  options: { maxDbs: number; noSync?: boolean; noMetaSync?: boolean },
): RootDatabase<unknown, string> {
  return open({
    path,
    noSubdir: false,
    overlappingSync: false,
    eventTurnBatching: false,
    maxDbs: options.maxDbs,
    noSync: options.noSync ?? false,
    noMetaSync: options.noMetaSync ?? false,
  });
}

export interface LmdbFailure {
  readonly full: boolean;
  readonly message: string;
  readonly cause: unknown;
}

const ENOSPC = 28;
const EIO = 5;
const MDB_MAP_FULL = -30_792;
/** A disk with less than this counts as full when a write failed. */
const FULL_BELOW_BYTES = 16 * 2 ** 20;

/** What a rejected write means. LMDB writes short on a full disk and reports that as an I/O error: the disk is asked. */
export async function lmdbFailure(error: unknown, path: string): Promise<LmdbFailure> {
  const cause = await reasonOf(error);
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  const message = typeof cause === 'object' && cause !== null && 'message' in cause ? cause.message : cause;
  const full =
    code === ENOSPC ||
    code === 'ENOSPC' ||
    code === MDB_MAP_FULL ||
    (code === EIO && freeBytes(path) < FULL_BELOW_BYTES);
  return { full, message: String(message), cause };
}

/** Bytes that this process may still write to the disk of a path. */
export function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

/** lmdb rejects with a stand-in that carries a promise, which rejects with the reason. */
async function reasonOf(error: unknown): Promise<unknown> {
  if (typeof error !== 'object' || error === null || !('commitError' in error)) return error;
  try {
    await error.commitError;
    return error;
  } catch (reason) {
    return reason;
  }
}
