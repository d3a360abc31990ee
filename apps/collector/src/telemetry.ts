import type { Metrics, ProblemCode } from '#libs/operations';

/** The collector's instruments, all counted per batch, never per event. */
export class CollectorTelemetry {
  readonly #batches;
  readonly #events;
  readonly #rejected;
  readonly #unknownFields;
  readonly #capped;
  readonly #refused;
  readonly #bytes;
  readonly #reencoded;
  readonly #append;

  constructor(metrics: Metrics, state: { inFlightBytes: () => number; distinctValues: () => number }) {
    this.#batches = metrics.counter('collector_batches_total', 'Batches accepted, heartbeats too.');
    this.#events = metrics.counter('collector_events_total', 'Events accepted.');
    this.#rejected = metrics.counter('collector_rejected_events_total', 'Events sent to the dead letters.');
    this.#unknownFields = metrics.counter('collector_unknown_fields_total', 'Fields and labels left out.');
    this.#capped = metrics.counter('collector_capped_values_total', 'Names and label values over their cap.');
    this.#refused = metrics.counter('collector_refused_requests_total', 'Requests answered with a problem.', ['code']);
    this.#bytes = metrics.counter('collector_received_bytes_total', 'Bytes of accepted batches on the wire.');
    this.#reencoded = metrics.counter('collector_reencoded_batches_total', 'Batches that did not travel on unchanged.');
    this.#append = metrics.histogram('collector_append_seconds', 'Time until the log had a batch.');
    metrics.gauge('collector_in_flight_bytes', 'Bytes of requests being worked on.', [], (gauge) =>
      gauge.set(state.inFlightBytes()),
    );
    metrics.gauge('collector_distinct_values', 'Names and label values held by the caps.', [], (gauge) =>
      gauge.set(state.distinctValues()),
    );
  }

  accepted(batch: {
    events: number;
    rejected: number;
    unknownFields: number;
    capped: number;
    bytes: number;
    changed: boolean;
    appendMs: number;
  }): void {
    this.#batches.inc();
    this.#events.inc(batch.events);
    this.#bytes.inc(batch.bytes);
    this.#append.observe(batch.appendMs / 1_000);
    if (!batch.changed) return;
    this.#reencoded.inc();
    this.#rejected.inc(batch.rejected);
    this.#unknownFields.inc(batch.unknownFields);
    this.#capped.inc(batch.capped);
  }

  refused(code: ProblemCode): void {
    this.#refused.inc({ code });
  }
}
