import type { Batch, Event, Metric } from '#libs/contracts';
import type { CapLimits } from '../config.js';
import { DistinctValues, FULL, type Dimension } from './distinct.js';

/** What a value over its cap is counted under. */
export const OTHER = '__other__';

/** What the caps changed in a batch. */
export interface Capped {
  /** Values that became OTHER. */
  capped: number;
  /** Labels left out, since their name is not on the list. */
  labelsLeftOut: number;
}

/**
 * Bounds the names and label values that reach the database, per service. Changes the batch in place: it is the
 * collector's own, fresh from the parser.
 */
export class ServiceCaps {
  readonly #distinct: DistinctValues;
  /** Dimensions by service and name, kept for one generation: a lookup per event instead of a joined text. */
  #services = new Map<string, Map<string, Dimension>>();

  constructor(
    private readonly limits: CapLimits,
    private readonly labels: ReadonlySet<string> | undefined,
  ) {
    this.#distinct = new DistinctValues(limits);
  }

  /** Distinct values held. */
  get size(): number {
    return this.#distinct.size;
  }

  apply(batch: Batch, nowMs: number): Capped {
    if (this.#distinct.rotate(nowMs)) this.#services = new Map();
    const counts: Capped = { capped: 0, labelsLeftOut: 0 };
    const { emitter } = batch;
    if (!this.#admits('', 'service', this.limits.services, emitter.service)) {
      emitter.service = OTHER;
      counts.capped++;
    }
    const { service } = emitter;
    if (!this.#admits(service, 'version', this.limits.names, emitter.version)) {
      emitter.version = OTHER;
      counts.capped++;
    }
    if (emitter.platform !== undefined && !this.#admits(service, 'platform', this.limits.names, emitter.platform)) {
      emitter.platform = OTHER;
      counts.capped++;
    }
    const dimensions = this.#dimensions(service);
    const caches = this.#dimension(dimensions, service, 'cache', this.limits.names);
    const tiers = this.#dimension(dimensions, service, 'tier', this.limits.names);
    const resources = this.#dimension(dimensions, service, 'resource', this.limits.names);
    const metrics = this.#dimension(dimensions, service, 'metric', this.limits.names);
    for (const event of batch.events) {
      switch (event.kind) {
        case 'metric':
          if (!metrics.admits(event.name)) {
            event.name = OTHER;
            counts.capped++;
          }
          if (event.labels !== undefined) this.#capLabels(service, dimensions, event, event.labels, counts);
          break;
        case 'load.finished':
        case 'load.stalled':
          if (!resources.admits(event.resource)) {
            event.resource = OTHER;
            counts.capped++;
          }
          break;
        default:
          capCache(event, caches, tiers, counts);
      }
    }
    return counts;
  }

  #capLabels(
    service: string,
    dimensions: Map<string, Dimension>,
    metric: Metric,
    labels: Record<string, string>,
    counts: Capped,
  ): void {
    for (const name in labels) {
      if (this.labels !== undefined && !this.labels.has(name)) {
        delete labels[name];
        counts.labelsLeftOut++;
        continue;
      }
      const dimension = this.#dimension(dimensions, service, `${metric.name} ${name}`, this.limits.labelValues);
      if (!dimension.admits(labels[name]!)) {
        // Own property by definition, whatever the name (an assignment to __proto__ would not be one).
        Object.defineProperty(labels, name, { value: OTHER, enumerable: true, configurable: true, writable: true });
        counts.capped++;
      }
    }
  }

  #admits(service: string, name: string, cap: number, value: string): boolean {
    return this.#dimension(this.#dimensions(service), service, name, cap).admits(value);
  }

  #dimensions(service: string): Map<string, Dimension> {
    let dimensions = this.#services.get(service);
    if (dimensions === undefined) this.#services.set(service, (dimensions = new Map()));
    return dimensions;
  }

  #dimension(dimensions: Map<string, Dimension>, service: string, name: string, cap: number): Dimension {
    let dimension = dimensions.get(name);
    if (dimension === undefined) {
      dimension = this.#distinct.dimension(`${service}\n${name}`, cap);
      if (dimension !== FULL) dimensions.set(name, dimension);
    }
    return dimension;
  }
}

type CacheEvent = Exclude<Event, Metric | { resource: string }>;

function capCache(event: CacheEvent, caches: Dimension, tiers: Dimension, counts: Capped): void {
  if (!caches.admits(event.cache)) {
    event.cache = OTHER;
    counts.capped++;
  }
  if (event.tier !== undefined && !tiers.admits(event.tier)) {
    event.tier = OTHER;
    counts.capped++;
  }
}
