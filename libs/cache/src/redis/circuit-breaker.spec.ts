import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CLOSED, nextCircuit, type CircuitEvent, type CircuitOptions, type CircuitState } from './circuit-breaker.js';

const options: CircuitOptions = { failuresToOpen: 3, minDelayMs: 10, baseMs: 100, capMs: 1_000 };
const half = () => 0.5;

describe('A circuit breaker', () => {
  const open: CircuitState = { kind: 'open', probeAt: 1_000, attempt: 2 };
  const halfOpen: CircuitState = { kind: 'half-open', attempt: 2 };
  it.each<[string, CircuitState, CircuitEvent, number, CircuitState]>([
    ['closed, it stays so by a success', CLOSED, 'succeeded', 0, CLOSED],
    ['closed, it counts a failure', CLOSED, 'failed', 0, { kind: 'closed', failures: 1 }],
    ['closed, a success makes it forget failures', { kind: 'closed', failures: 2 }, 'succeeded', 0, CLOSED],
    [
      'closed, it opens at the third in a row',
      { kind: 'closed', failures: 2 },
      'failed',
      500,
      { kind: 'open', attempt: 0, probeAt: 560 },
    ],
    ['closed, it opens at once by a loss', CLOSED, 'lost', 500, { kind: 'open', attempt: 0, probeAt: 560 }],
    ['closed, it needs no attempt', CLOSED, 'probe', 500, CLOSED],
    ['open, it lets nobody try too soon', open, 'probe', 999, open],
    ['open, it lets one try in time', open, 'probe', 1_000, halfOpen],
    ['open, it takes no late success', open, 'succeeded', 2_000, open],
    ['open, it takes no late failure', open, 'failed', 2_000, open],
    ['open, it takes no late loss', open, 'lost', 2_000, open],
    ['half-open, it closes by a success', halfOpen, 'succeeded', 2_000, CLOSED],
    [
      'half-open, it opens for longer by a failure',
      halfOpen,
      'failed',
      2_000,
      { kind: 'open', attempt: 3, probeAt: 2_410 },
    ],
    ['half-open, it opens by a loss', halfOpen, 'lost', 2_000, { kind: 'open', attempt: 3, probeAt: 2_410 }],
    ['half-open, it lets no second one try', halfOpen, 'probe', 2_000, halfOpen],
  ])('%s', (_, state, event, now, wanted) => {
    expect(nextCircuit(state, event, now, half, options)).toEqual(wanted);
  });

  it('never waits beyond its bounds, tries once at a time, and is closed only by an attempt that went well', () => {
    const aStep = fc.record({
      event: fc.constantFrom<CircuitEvent>('succeeded', 'failed', 'lost', 'probe'),
      passes: fc.nat(2_000),
      chance: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(aStep, { maxLength: 60 }), (steps) => {
        let state: CircuitState = CLOSED;
        let now = 0;
        let inARow = 0;
        for (const { event, passes, chance } of steps) {
          now += passes;
          const before = state;
          state = nextCircuit(before, event, now, () => chance, options);
          if (before.kind === 'closed') {
            inARow = event === 'failed' ? inARow + 1 : event === 'succeeded' ? 0 : inARow;
            expect(state.kind).toBe(event === 'lost' || inARow === options.failuresToOpen ? 'open' : 'closed');
          }
          if (before.kind !== 'open' && state.kind === 'open') {
            const waits = state.probeAt - now;
            expect(waits).toBeGreaterThanOrEqual(options.minDelayMs);
            expect(waits).toBeLessThanOrEqual(options.minDelayMs + options.capMs);
          }
          if (before.kind === 'open')
            expect(state.kind).toBe(event === 'probe' && now >= before.probeAt ? 'half-open' : 'open');
          if (before.kind === 'half-open' && state.kind === 'closed') expect(event).toBe('succeeded');
          if (state.kind !== 'closed') inARow = 0;
        }
      }),
    );
  });
});
