import type { Level } from '#libs/contracts';
import type { Metrics } from '#libs/operations';
import type { DeadLetterRow } from './insert/bookkeeping.js';
import type { Decision } from './insert/identity.js';

export interface AggregatorGauges {
  readonly openMarks: () => number;
  readonly partitions: () => { partition: number; watermarkSeconds: number; committed: number }[];
}

/** The aggregator's own metrics, counted by record and round, never by event. */
export class AggregatorTelemetry {
  readonly #records;
  readonly #rows;
  readonly #deadLetters;
  readonly #rounds;
  readonly #roundSeconds;
  readonly #recounted;
  readonly #recountSeconds;
  readonly #failures;

  constructor(metrics: Metrics, gauges: AggregatorGauges) {
    this.#records = metrics.counter('aggregator_records_total', 'Records read from the log, by what was decided.', [
      'decision',
    ]);
    this.#rows = metrics.counter(
      'aggregator_rows_inserted_total',
      'Rows inserted, by table; a record that comes again inserts the same rows again.',
      ['table'],
    );
    this.#deadLetters = metrics.counter('aggregator_dead_letters_total', 'Dead letters written, by cause.', ['cause']);
    this.#rounds = metrics.counter('aggregator_insert_rounds_total', 'Rounds of inserts that were committed.');
    this.#roundSeconds = metrics.histogram(
      'aggregator_insert_round_seconds',
      'From the first look at a round to its last insert.',
    );
    this.#recounted = metrics.counter('aggregator_buckets_recounted_total', 'Buckets recounted, by level.', ['level']);
    this.#recountSeconds = metrics.histogram(
      'aggregator_recount_seconds',
      'Recounts of one level, all rollups, with their marks, by level.',
      ['level'],
    );
    this.#failures = metrics.counter(
      'aggregator_failures_total',
      'Rounds that failed and are done again, by what and why.',
      ['what', 'code'],
    );
    metrics.gauge('aggregator_open_marks', 'Buckets that wait for their recount.', [], (gauge) =>
      gauge.set(gauges.openMarks()),
    );
    metrics.gauge(
      'aggregator_watermark_timestamp_seconds',
      'Event time up to which a partition is in ClickHouse.',
      ['partition'],
      (gauge) => {
        gauge.reset();
        for (const { partition, watermarkSeconds } of gauges.partitions()) gauge.set({ partition }, watermarkSeconds);
      },
    );
    metrics.gauge('aggregator_committed_offset', 'Next offset to read, by partition.', ['partition'], (gauge) => {
      gauge.reset();
      for (const { partition, committed } of gauges.partitions()) gauge.set({ partition }, committed);
    });
  }

  decided(decision: Decision): void {
    this.#records.inc({ decision });
  }

  poison(): void {
    this.#records.inc({ decision: 'poison' });
  }

  inserted(table: string, rows: number): void {
    this.#rows.inc({ table }, rows);
  }

  deadLetters(rows: readonly DeadLetterRow[]): void {
    for (const { cause } of rows) this.#deadLetters.inc({ cause });
  }

  wroteRound(seconds: number): void {
    this.#rounds.inc();
    this.#roundSeconds.observe(seconds);
  }

  recounted(level: Level, buckets: number, seconds: number): void {
    this.#recounted.inc({ level }, buckets);
    this.#recountSeconds.observe({ level }, seconds);
  }

  failedRound(error: unknown): void {
    this.#failures.inc({ what: 'insert', code: codeOf(error) });
  }

  failedRecount(error: unknown): void {
    this.#failures.inc({ what: 'recount', code: codeOf(error) });
  }
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' ? code : 'UNKNOWN';
}
