import type { Clock } from '#libs/time';
import type { Pace } from './pace.js';
import { mustNotBeRefused } from './patience.js';
import type { Progress } from '../command/progress.js';
import type { ReplayedCache } from './replayed-cache.js';
import type { ReplayTelemetry } from './replay-telemetry.js';
import type { TraceAccess } from '../trace/trace-parser.js';

/** Accesses between two looks at the buffer: a look costs about as much as some accesses. */
const LOOK_EVERY = 512;
/** Above this share of telemetry's queue the replay stands still until there is room: a full queue drops. */
const HALF_FULL = 0.5;
const WAIT_GRAIN_MS = 50;

export interface RunTrace {
  readonly trace: AsyncIterable<readonly TraceAccess[]>;
  /** How much of the trace has been read, 0 to 1. */
  readonly share: () => number;
  readonly cache: ReplayedCache;
  readonly telemetry: Pick<ReplayTelemetry, 'delivery' | 'hurry'>;
  /** Whether the server is there: asked while it takes nothing. */
  readonly isUp: () => Promise<boolean>;
  readonly pace: Pace;
  readonly progress: Progress;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Drives a whole trace through the cache. It keeps step with the tiers beyond memory, after each access, and with
 * telemetry: while the server is away and the buffer fills, it waits instead of letting events drop.
 * @throws CliError as soon as the server refuses the events for good.
 */
export async function runTrace(run: RunTrace): Promise<void> {
  const { trace, share, cache, pace, progress, clock, signal } = run;
  let untilLook = LOOK_EVERY;
  let readBefore = 0;
  for await (const accesses of trace) {
    const read = share();
    // The file is read in large pieces; the bar moves within one as well.
    const shareAt = (index: number) => readBefore + (read - readBefore) * (index / accesses.length);
    for (const [index, access] of accesses.entries()) {
      const delayMs = pace.delayMs(access.timeMs);
      if (delayMs > 0) {
        progress.update(shareAt(index), replayed(cache));
        await clock.sleep(delayMs, signal);
      }
      const loading = cache.access(access);
      if (loading !== undefined) await loading;
      if (cache.isAhead) await cache.keepStep({ signal });
      if (--untilLook > 0) continue;
      untilLook = LOOK_EVERY;
      await letTelemetryFollow(run, shareAt(index));
    }
    readBefore = read;
    progress.update(read, replayed(cache));
    // Timers and sockets get their turn: telemetry sends while the replay goes on.
    await clock.sleep(0, signal);
  }
  await cache.keepStep({ all: true, signal });
}

async function letTelemetryFollow(run: RunTrace, share: number): Promise<void> {
  const { telemetry, isUp, progress, clock, signal } = run;
  for (;;) {
    const delivery = telemetry.delivery();
    mustNotBeRefused(delivery);
    const { fullness, trouble } = delivery;
    if (fullness < HALF_FULL) break;
    if (trouble !== undefined) progress.away(share, trouble);
    await clock.sleep(WAIT_GRAIN_MS, signal);
    if (trouble !== undefined && (await isUp())) telemetry.hurry();
  }
  progress.back();
}

function replayed({ requests }: ReplayedCache): string {
  return `${requests.toLocaleString('en')} requests`;
}
