/** A record as `batches` or this block knows it. */
export interface KnownBatch {
  readonly offset: bigint;
  readonly hash: string;
  /** Whether it brings mended dead letters into a batch that came in before. */
  readonly letter: boolean;
  /** Rows that it has. */
  readonly events: number;
  /** Their indexes in the emitter's bytes; empty stands for the first `events` of them. */
  readonly indexes: readonly number[];
}

/** A record to decide about. */
export interface Candidate {
  readonly offset: bigint;
  readonly hash: string;
  readonly letter: boolean;
  readonly indexes: readonly number[];
}

export type Decision =
  /** Not seen before, or seen at this very offset: insert (again: the same rows). */
  | 'insert'
  /** All of it stands at lower offsets: an emitter sent the same bytes again, or a letter was replayed twice. */
  | 'resend'
  /** Other bytes under an identity that stands at a lower offset. */
  | 'conflict';

export interface Decided {
  readonly decision: Decision;
  /** Indexes that lower offsets have already, when only some are; the rest is inserted. */
  readonly taken?: ReadonlySet<number>;
}

/**
 * Of several batches with one identity the one with the lowest offset counts: a resend may have met fuller caps, and
 * only one of them may. Mended dead letters add the indexes that no lower offset has. Decided from lower offsets alone,
 * so that a replay of the whole log decides the same. Pure.
 */
export function decide(known: readonly KnownBatch[], record: Candidate): Decided {
  const lower = known.filter(({ offset }) => offset < record.offset);
  if (lower.length === 0) return { decision: 'insert' };
  if (!record.letter) {
    let first: KnownBatch | undefined;
    for (const one of lower) if (!one.letter && (first === undefined || one.offset < first.offset)) first = one;
    if (first !== undefined) return { decision: first.hash === record.hash ? 'resend' : 'conflict' };
  }
  const held = indexesOf(lower);
  const taken = new Set(record.indexes.filter((index) => held.has(index)));
  if (taken.size === 0) return { decision: 'insert' };
  return taken.size === record.indexes.length ? { decision: 'resend' } : { decision: 'insert', taken };
}

/** Indexes of the rows that records have. */
export function indexesOf(batches: readonly KnownBatch[]): Set<number> {
  const held = new Set<number>();
  for (const { indexes, events } of batches)
    if (indexes.length > 0) for (const index of indexes) held.add(index);
    else for (let index = 0; index < events; index++) held.add(index);
  return held;
}

/** How `batches` says that a row is one of mended dead letters: in front of its hash. */
const LETTER = 'letter:';

export function storedHash(hash: string, letter: boolean): string {
  return letter ? `${LETTER}${hash}` : hash;
}

export function isLetterHash(stored: string): boolean {
  return stored.startsWith(LETTER);
}

export function identityKey(instance: string, sequence: number): string {
  return `${instance}/${sequence}`;
}
