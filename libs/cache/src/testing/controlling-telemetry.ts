import { noTotals, type ControlTarget } from '#libs/contracts';
import { LocalRecorder } from '../record/local-recorder.js';

/** Telemetry with control, as far as a cache knows it; it remembers what is added, and which changes it is told of. */
export class ControllingTelemetry {
  readonly targets = new Map<string, ControlTarget>();
  readonly told: unknown[] = [];
  readonly sampled: unknown[] = [];
  readonly control = {
    add: (target: ControlTarget) => {
      const { cache } = target.describe();
      if (this.targets.has(cache)) throw new TypeError(`A cache named ${cache} is controlled already.`);
      this.targets.set(cache, target);
      return () => void this.targets.delete(cache);
    },
  };

  cache() {
    const recorder = new LocalRecorder();
    return Object.assign(recorder, {
      totals: noTotals,
      change: (change: unknown) => void this.told.push(change),
      resample: (sampling: unknown) => this.sampled.push(sampling) > 0,
    });
  }
}

/** The cache of that name, or the first one, as soon as it lets itself be controlled: that needs no clock. */
export async function joined(telemetry: ControllingTelemetry, name?: string): Promise<ControlTarget> {
  for (let i = 0; i < 1_000; i++) {
    const target = name === undefined ? [...telemetry.targets.values()][0] : telemetry.targets.get(name);
    if (target !== undefined) return target;
    await new Promise(setImmediate);
  }
  throw new Error('The cache has not let itself be controlled.');
}
