import type { Job } from './job.js';
import type { LoadNode } from './load-graph.js';

/** The load that a context is of. A symbol and no WeakMap, which would cost the collector of garbage more than the load. */
const LOAD = Symbol('load');

/** What a loader is told. Its signal is made when it is asked for. */
export function contextOf<Key, Value, Previous>(
  job: Job<Key, Value>,
  previous: Previous,
): { readonly signal: AbortSignal; readonly previous: Previous } {
  return {
    get signal() {
      return job.signal;
    },
    previous,
    [LOAD]: job.node,
  } as { readonly signal: AbortSignal; readonly previous: Previous };
}

export function nodeOf(context: object): LoadNode | undefined {
  return (context as { readonly [LOAD]?: LoadNode })[LOAD];
}
