import type { TierLimits } from '../../tier/tier.js';
import type { Run } from './subject.js';

/** Any sequence of operations, beside a plain Map. They alone need fast-check, so that the rest of the kit works without. */
export function modelling(run: Run, limits: readonly (keyof TierLimits)[]): void {
  run('answers as a Map does, in any sequence within its limits, waited for or not', async (subject) =>
    (await import('./sequences.js')).withinLimits(subject),
  );

  if (limits.length > 0)
    run('keeps its limits and gives no wrong entry in any sequence, resized meanwhile', async (subject) =>
      (await import('./sequences.js')).beyondLimits(subject),
    );
}
