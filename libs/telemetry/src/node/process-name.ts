import { readFileSync, readlinkSync } from 'node:fs';

/** What tells one process from every other one, as far as the system says. */
export interface ProcessName {
  /** The system's start and the process ids' namespace; undefined where that cannot be told. */
  readonly where: string | undefined;
  readonly pid: number;
  /** When it started; undefined where that cannot be told. */
  readonly started: string | undefined;
}

export function thisProcess(): ProcessName {
  return { where: whereIds(), pid: process.pid, started: statOf(process.pid)?.started };
}

/** Whether it runs; undefined when this cannot be told: it is in another container, on another machine, or hidden. */
export function isRunning({ where, pid, started }: ProcessName, here: ProcessName): boolean | undefined {
  if (where === undefined || where !== here.where || started === undefined) return undefined;
  try {
    process.kill(pid, 0);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = statOf(pid);
  // Dead already, though its parent has not asked how it ended: a container's first program often never does.
  if (now?.state === 'Z' || now?.state === 'X') return false;
  return now === undefined ? undefined : now.started === started;
}

/** Two containers may both have a process 1; two with the same namespace of the same start of one system are one. */
function whereIds(): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return `${boot}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return undefined;
  }
}

/** What the system says of a process: its state by a letter, and when it started. */
function statOf(pid: number): { readonly state?: string; readonly started?: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const words = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: words[0]!, started: words[19]! };
  } catch {
    return undefined;
  }
}
