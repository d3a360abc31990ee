import { mkdirSync, realpathSync } from 'node:fs';
import type { Database, RootDatabase } from 'lmdb';
import { openLmdb } from '#libs/event-log/embedded';
import { Versions } from './versions.js';

/** What a directory of state is in LMDB. */
export interface StateEnvironment {
  readonly root: RootDatabase<unknown, string>;
  readonly entries: Database<Buffer, Buffer>;
  readonly versions: Versions;
}

const open = new Map<string, { readonly environment: StateEnvironment; users: number }>();

/**
 * The environment of a directory, one for all stores of this process that have it open. A second one would wait, while it
 * opens, for the write lock on the very thread on which the first one's transaction has yet to run: for ever. LMDB itself
 * asks for one environment per process and file, too.
 *
 * @returns with `release`, which closes it when the last store lets go. Call it once.
 */
export function shareEnvironment(path: string): { environment: StateEnvironment; release: () => Promise<void> } {
  mkdirSync(path, { recursive: true });
  const place = realpathSync(path);
  let shared = open.get(place);
  if (shared === undefined) open.set(place, (shared = { environment: openEnvironment(place), users: 0 }));
  const { environment } = shared;
  shared.users += 1;
  return {
    environment,
    release: async () => {
      shared.users -= 1;
      if (shared.users > 0) return;
      open.delete(place);
      await environment.root.close();
    },
  };
}

function openEnvironment(path: string): StateEnvironment {
  const root = openLmdb(path, { maxDbs: 4 });
  const entries = root.openDB<Buffer, Buffer>({ name: 'entries', keyEncoding: 'binary', encoding: 'binary' });
  return { root, entries, versions: new Versions(root) };
}
