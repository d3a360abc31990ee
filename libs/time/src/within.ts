import type { Clock } from './clock.js';

/**
 * What the promise comes to, or a rejection when it takes longer. What it stands for goes on all the same: whoever asks
 * again while it does must not pile up questions.
 */
export async function within<Value>(clock: Clock, limitMs: number, promise: Promise<Value>): Promise<Value> {
  const over = new AbortController();
  const late = clock.sleep(limitMs, over.signal).then(() => {
    throw new Error(`No answer within ${limitMs} ms.`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    over.abort();
  }
}
