import { fullJitter, type BackoffOptions } from '#libs/time';

/**
 * Whether a server may be asked. Closed: it is asked. Open: it is not, until `probeAt` (monotonic ms). Half-open: one
 * attempt finds out whether it is back. `attempt` counts the attempts since it was last closed.
 */
export type CircuitState =
  | { readonly kind: 'closed'; readonly failures: number }
  | { readonly kind: 'open'; readonly probeAt: number; readonly attempt: number }
  | { readonly kind: 'half-open'; readonly attempt: number };

/** `lost`: there is nothing to ask any more, such as a connection that ended. `probe`: may one attempt be made now? */
export type CircuitEvent = 'succeeded' | 'failed' | 'lost' | 'probe';

export interface CircuitOptions extends BackoffOptions {
  /** Failures in a row that open it, at least 1. */
  readonly failuresToOpen: number;
  /** The next attempt is made no sooner than this, ms: chance alone could draw 0 many times in a row. */
  readonly minDelayMs: number;
}

export const CLOSED: CircuitState = { kind: 'closed', failures: 0 };

/** What a circuit breaker becomes by an event at `now`, monotonic ms. `random` yields [0, 1), and is asked when it opens. */
export function nextCircuit(
  state: CircuitState,
  event: CircuitEvent,
  now: number,
  random: () => number,
  options: CircuitOptions,
): CircuitState {
  switch (state.kind) {
    case 'closed': {
      if (event === 'succeeded') return state.failures === 0 ? state : CLOSED;
      if (event === 'probe') return state;
      const failures = state.failures + 1;
      if (event === 'failed' && failures < options.failuresToOpen) return { kind: 'closed', failures };
      return opened(0, now, random, options);
    }
    case 'open':
      // Answers that come now were asked for before it opened: they say nothing of the server as it is.
      return event === 'probe' && now >= state.probeAt ? { kind: 'half-open', attempt: state.attempt } : state;
    case 'half-open':
      if (event === 'succeeded') return CLOSED;
      return event === 'probe' ? state : opened(state.attempt + 1, now, random, options);
  }
}

function opened(attempt: number, now: number, random: () => number, options: CircuitOptions): CircuitState {
  return { kind: 'open', attempt, probeAt: now + options.minDelayMs + fullJitter(attempt, options, random) };
}
