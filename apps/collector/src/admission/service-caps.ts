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

/** The dimensions of one service. */
interface ServiceDimensions {
  readonly versions: Dimension;
  readonly platforms: Dimension;
  readonly caches: Dimension;
  readonly tiers: Dimension;
  readonly resources: Dimension;
  readonly metrics: Dimension;
  /** By metric, then label. */
  readonly labels: Map<string, Map<string, Dimension>>;
}

/**
 * Bounds the names and label values that reach the database, per service. Changes the batch in place: it is the
 * collector's own, fresh from the parser.
 */
export class ServiceCaps {
  readonly #distinct: DistinctValues;
  /** Kept for one generation of values, so that an event costs lookups only. As many as there may be services. */
  #services = new Map<string, ServiceDimensions>();

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
    if (!this.#distinct.dimension('services', this.limits.services).admits(emitter.service)) {
      emitter.service = OTHER;
      counts.capped++;
    }
    const service = this.#service(emitter.service);
    if (!service.versions.admits(emitter.version)) {
      emitter.version = OTHER;
      counts.capped++;
    }
    if (emitter.platform !== undefined && !service.platforms.admits(emitter.platform)) {
      emitter.platform = OTHER;
      counts.capped++;
    }
    for (const event of batch.events) this.#capEvent(event, emitter.service, service, counts);
    return counts;
  }

  #capEvent(event: Event, name: string, service: ServiceDimensions, counts: Capped): void {
    switch (event.kind) {
      case 'metric':
        if (!service.metrics.admits(event.name)) {
          event.name = OTHER;
          counts.capped++;
        }
        if (event.labels !== undefined) this.#capLabels(event, event.labels, name, service, counts);
        return;
      case 'load.finished':
      case 'load.stalled':
        if (!service.resources.admits(event.resource)) {
          event.resource = OTHER;
          counts.capped++;
        }
        return;
      default:
        if (!service.caches.admits(event.cache)) {
          event.cache = OTHER;
          counts.capped++;
        }
        if (event.tier !== undefined && !service.tiers.admits(event.tier)) {
          event.tier = OTHER;
          counts.capped++;
        }
    }
  }

  #capLabels(
    metric: Metric,
    labels: Record<string, string>,
    name: string,
    service: ServiceDimensions,
    counts: Capped,
  ): void {
    let dimensions = service.labels.get(metric.name);
    if (dimensions === undefined) service.labels.set(metric.name, (dimensions = new Map()));
    for (const label in labels) {
      if (this.labels !== undefined && !this.labels.has(label)) {
        delete labels[label];
        counts.labelsLeftOut++;
        continue;
      }
      let dimension = dimensions.get(label);
      if (dimension === undefined) {
        dimension = this.#distinct.dimension(`${name}\n${metric.name}\n${label}`, this.limits.labelValues);
        // Label names come from the sender where all are kept: only those with room are remembered.
        if (dimension !== FULL) dimensions.set(label, dimension);
      }
      if (!dimension.admits(labels[label]!)) {
        // An own property whatever its name (an assignment to __proto__ would make none).
        Object.defineProperty(labels, label, { value: OTHER, enumerable: true, configurable: true, writable: true });
        counts.capped++;
      }
    }
  }

  #service(name: string): ServiceDimensions {
    let service = this.#services.get(name);
    if (service === undefined) {
      const named = (what: string) => this.#distinct.dimension(`${name}\n${what}`, this.limits.names);
      service = {
        versions: named('version'),
        platforms: named('platform'),
        caches: named('cache'),
        tiers: named('tier'),
        resources: named('resource'),
        metrics: named('metric'),
        labels: new Map(),
      };
      this.#services.set(name, service);
    }
    return service;
  }
}
