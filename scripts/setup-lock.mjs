import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A lock for commands that set the same checkout up, without dependencies and on any Node >= 20.
 *
 * Each turn is a file named by its number, with the process id of who has it, empty once that is done. Whoever finds the
 * latest turn done, or its process dead, makes the next one; a file is made once, so one of several gets it, however long
 * ago another found the same. The latest file always stays, or a late one could begin again at a number that was there.
 *
 * @param {string} directory
 * @param {{ onWait?: (pid: number) => void, everyMs?: number }} options `onWait` is told once when another one has it.
 * @returns {() => void} Ends the turn.
 */
export function takeLock(directory, { onWait = () => undefined, everyMs = 200 } = {}) {
  mkdirSync(directory, { recursive: true });
  for (let waited = false; ;) {
    const latest = latestTurn(directory);
    const holder = holderOf(directory, latest);
    if (holder === undefined) {
      if (claimTurn(directory, latest + 1)) return () => writeFileSync(join(directory, String(latest + 1)), '');
      continue;
    }
    if (!waited) onWait(holder);
    waited = true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, everyMs);
  }
}

/**
 * Makes a turn and clears those before it away. False when another process made it, or a later one: the turn before was
 * looked at long ago.
 * @param {string} directory
 * @param {number} turn
 */
export function claimTurn(directory, turn) {
  const file = join(directory, String(turn));
  // A link comes into being with its content, and only where there is none.
  const mine = join(directory, `${process.pid}-${randomUUID()}`);
  writeFileSync(mine, String(process.pid));
  try {
    linkSync(mine, file);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(mine, { force: true });
  }
  if (latestTurn(directory) > turn) {
    rmSync(file, { force: true });
    return false;
  }
  for (const before of turnsOf(directory)) if (before < turn) rmSync(join(directory, String(before)), { force: true });
  return true;
}

/** The process that has a turn, or undefined when it is over. */
function holderOf(directory, turn) {
  const pid = Number(textOf(join(directory, String(turn))));
  return pid > 0 && isAlive(pid) ? pid : undefined;
}

/** Nothing for the turn before the first, and for one that a later one has cleared away. */
function textOf(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return '';
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function latestTurn(directory) {
  return Math.max(0, ...turnsOf(directory));
}

function turnsOf(directory) {
  return readdirSync(directory)
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}
