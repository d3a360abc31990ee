import { createRequire } from 'node:module';

/** The part of kafkajs' request queue that is mended here; every connection has one. */
interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
}

/** So that it is mended once per process, however many clients there are. */
const mended = new WeakSet<object>();

/**
 * Keeps kafkajs from looking for pending requests where there are none. Version 2.2.4 sets a timer for that after each
 * answer, and again whenever it fires: a thousand times a second and connection, with a delay that is negative, which
 * Node 24 answers with a TimeoutNegativeWarning. A request that has to wait sets the timer itself when it joins the
 * queue, so that without any there is nothing to look for. There is no setting for it, and no release that mends it.
 */
export function mendRequestQueue(): void {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as {
    prototype: RequestQueue;
  };
  if (mended.has(prototype)) return;
  mended.add(prototype);
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length > 0) schedule.call(this);
  };
}
