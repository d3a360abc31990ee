import type { KafkaBroker } from './broker.js';

export interface Lifetime {
  /** Ends it at once; nothing happens to one that has ended. */
  kill9(): Promise<void>;
  /** Starts it again and waits until it serves; rejects soon after the signal aborts. */
  start(signal: AbortSignal): Promise<void>;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
}

/** Stopping and restarting, the same for a broker that is a process and for one in a container. */
export function lifetime({ kill9, start, remove }: Lifetime): Pick<KafkaBroker, 'stop' | 'restart'> {
  const ended = new AbortController();
  let restarting: Promise<void> = Promise.resolve();
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    ended.abort();
    // A restart under way ends first: it must not bring the broker back, nor look for what is removed here.
    await restarting.catch(() => undefined);
    await remove();
  };
  const refuseWhenStopped = () => {
    if (ended.signal.aborted) throw new Error('Kafka was stopped for good: it cannot be started again.');
  };
  const restart = async () => {
    refuseWhenStopped();
    await kill9();
    refuseWhenStopped();
    await start(ended.signal);
  };
  return {
    stop: () => (stopped ??= stop()),
    restart() {
      restarting = restart();
      // Whoever waits for it hears of a failure; a test that has given up must not break the next one by it.
      restarting.catch(() => undefined);
      return restarting;
    },
  };
}

/** @throws Error when the broker was stopped meanwhile. */
export function throwWhenStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new Error('Kafka was stopped for good while it was starting: nobody needs it any more.');
}
