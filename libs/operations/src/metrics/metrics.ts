import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Upper bounds for durations from 1 ms to 30 s, in seconds. */
export const DURATION_BUCKETS_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
] as const;

/**
 * The self-metrics of one app instance, in a registry of its own (never the process-wide one, so that several apps and
 * tests can live in one process). Names are snake_case with their unit; counters end in `_total`. Also the DI token.
 *
 * An increment costs about a microsecond: count batches and requests here, never single events in a loop.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #counters = new Map<string, Counter>();

  /** @param options.process adds the process's own: CPU, memory, event loop, handles. Once per process is enough. */
  constructor(options: { process?: boolean } = {}) {
    if (options.process === true) collectDefaultMetrics({ register: this.#registry });
  }

  /** @throws Error when the name is taken, or breaks the naming rule. */
  counter<Label extends string = never>(name: string, help: string, labels: readonly Label[] = []): Counter<Label> {
    if (!name.endsWith('_total')) throw new Error(`A counter's name ends in _total; ${name} does not.`);
    const counter = new Counter({ ...checked(name, help), labelNames: labels, registers: [this.#registry] });
    this.#counters.set(name, counter);
    return counter;
  }

  /** @param collect is called at each exposition: set the gauge there when its value is read from elsewhere. */
  gauge<Label extends string = never>(
    name: string,
    help: string,
    labels: readonly Label[] = [],
    collect?: (gauge: Gauge<Label>) => void | Promise<void>,
  ): Gauge<Label> {
    const gauge: Gauge<Label> = new Gauge<Label>({
      ...checked(name, help),
      labelNames: labels,
      registers: [this.#registry],
      ...(collect !== undefined && { collect: () => collect(gauge) }),
    });
    return gauge;
  }

  histogram<Label extends string = never>(
    name: string,
    help: string,
    labels: readonly Label[] = [],
    buckets: readonly number[] = DURATION_BUCKETS_SECONDS,
  ): Histogram<Label> {
    return new Histogram({
      ...checked(name, help),
      labelNames: labels,
      buckets: [...buckets],
      registers: [this.#registry],
    });
  }

  /** How far each counter that was made here is, over all its labels. */
  async counted(): Promise<ReadonlyMap<string, number>> {
    const sums = [...this.#counters].map(async ([name, counter]) => {
      const { values } = await counter.get();
      return [name, values.reduce((sum, { value }) => sum + value, 0)] as const;
    });
    return new Map(await Promise.all(sums));
  }

  /** Media type of the exposition. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything in Prometheus' text format. */
  exposition(): Promise<string> {
    return this.#registry.metrics();
  }
}

function checked(name: string, help: string): { name: string; help: string } {
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name)) throw new Error(`A metric's name is snake_case; ${name} is not.`);
  return { name, help };
}
