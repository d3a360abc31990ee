import type { RowReader } from '#libs/clickhouse';
import type { Clock } from '#libs/time';

/** What was inserted: what was there at the first reading, and all that came since. */
export interface InsertedTotals {
  /** When it was read, monotonic ms. */
  readonly at: number;
  readonly records: number;
  readonly events: number;
}

/**
 * Adds up what is inserted, to the event, however far back it was accepted. Only parts that came since the last reading are
 * read, 4 bytes a record. The name of a part says which inserts it holds, so a merge of parts that are known adds nothing.
 */
export class InsertedReader {
  /** Parts that were added up, by name; those that were merged have given way to what they became. */
  #parts: ReadonlyMap<string, Part> = new Map();
  #records = 0;
  #events = 0;
  #running: Promise<InsertedTotals> | undefined;

  constructor(
    private readonly reader: RowReader,
    private readonly clock: Clock,
  ) {}

  /** One reading at a time, whoever asks: two would add the same parts up twice. @throws what the reader throws. */
  read(): Promise<InsertedTotals> {
    this.#running ??= this.#read().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #read(): Promise<InsertedTotals> {
    const at = this.clock.monotonic();
    // One statement sees one state of the table: no part and what it was merged into together.
    const rows = await this.reader.rows<{ name: string; records: number; events: number }>(
      `SELECT _part AS name, count() AS records, sum(events) AS events FROM batches
      WHERE _part NOT IN {known:Array(String)} GROUP BY _part`,
      { known: [...this.#parts.keys()] },
    );
    const found = rows.map((row) => partOf(row.name, Number(row.records), Number(row.events)));
    const days = new Set([...this.#parts.values()].map(({ day }) => day));
    const kept = found.some(({ day }) => !days.has(day)) ? await this.#heldDays() : undefined;
    const parts = new Map(this.#parts);
    for (const part of found) {
      const replaced = [...parts].filter(([, one]) => holds(part, one));
      for (const [name] of replaced) parts.delete(name);
      parts.set(part.name, part);
      // A merge that folds rows of a repeated insert makes them fewer; nothing was taken out.
      this.#records += Math.max(0, part.records - sum(replaced.map(([, { records }]) => records)));
      this.#events += Math.max(0, part.events - sum(replaced.map(([, { events }]) => events)));
    }
    // With a new day retention drops an old one, as a whole. A day of `found` may be gone already, never one that is held.
    if (kept !== undefined) for (const [name, { day }] of parts) if (!kept.has(day)) parts.delete(name);
    this.#parts = parts;
    return { at, records: this.#records, events: this.#events };
  }

  /** Days of which anything is left. */
  async #heldDays(): Promise<Set<string>> {
    const rows = await this.reader.rows<{ day: string }>(
      `SELECT DISTINCT partition_id AS day FROM system.parts
      WHERE active AND database = currentDatabase() AND table = 'batches'`,
    );
    return new Set(rows.map(({ day }) => day));
  }
}

interface Part {
  readonly name: string;
  readonly day: string;
  /** The inserts that it holds, numbered within the table: from `first` through `last`. */
  readonly first: number;
  readonly last: number;
  readonly records: number;
  readonly events: number;
}

/** A name is day, first insert, last insert, how often it was merged, and, after a mutation, its number. */
function partOf(name: string, records: number, events: number): Part {
  const [day = '', first, last] = name.split('_');
  return { name, day, first: Number(first), last: Number(last), records, events };
}

function holds(part: Part, other: Part): boolean {
  return part.day === other.day && part.first <= other.first && other.last <= part.last;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, one) => total + one, 0);
}
