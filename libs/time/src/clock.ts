/**
 * Time as a dependency. Everything that reads the time or waits takes a Clock; bare timers and Date.now() appear only here.
 */
export abstract class Clock {
  /** Wall time, milliseconds since 1970-01-01 UTC. It may jump. */
  abstract now(): number;

  /** Monotonic milliseconds since some start, with fractions. It never goes back: measure durations with it. */
  abstract monotonic(): number;

  /** Calls back once after `delayMs` (at least 0). The timer does not keep the process alive when `unref` is set. */
  abstract setTimer(callback: () => void, delayMs: number, options?: { unref?: boolean }): Timer;

  /** Resolves after `delayMs`, or rejects with the signal's reason as soon as it aborts. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      const onAbort = () => {
        timer.cancel();
        reject(signal?.reason);
      };
      const timer = this.setTimer(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, delayMs);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}

export interface Timer {
  /** Forgets the callback. Harmless when it has run already. */
  cancel(): void;
}

/** The machine's own clock; works in Node and in a browser. */
export class SystemClock extends Clock {
  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now();
  }

  setTimer(callback: () => void, delayMs: number, options?: { unref?: boolean }): Timer {
    const handle: unknown = setTimeout(callback, Math.max(0, delayMs));
    // Node's timers are objects with unref; a browser's are numbers and keep nothing alive.
    if (options?.unref === true && typeof handle === 'object') (handle as { unref(): void }).unref();
    return { cancel: () => clearTimeout(handle as number) };
  }
}
