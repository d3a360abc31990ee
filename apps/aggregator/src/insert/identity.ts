/** A batch as `batches` or this block knows it. */
export interface KnownBatch {
  readonly offset: bigint;
  readonly hash: string;
}

export type Decision =
  /** Not seen before, or seen at this very offset: insert (again: the same rows). */
  | 'insert'
  /** The same bytes stand at a lower offset: an emitter sent them again. */
  | 'resend'
  /** Other bytes under an identity that stands at a lower offset. */
  | 'conflict';

/**
 * Of several records with one identity the one with the lowest offset counts: a resend may have met fuller caps, and
 * only one of them may. `known` is the lowest one so far.
 */
export function decide(known: KnownBatch | undefined, record: KnownBatch): Decision {
  if (known === undefined || record.offset <= known.offset) return 'insert';
  return known.hash === record.hash ? 'resend' : 'conflict';
}

export function identityKey(instance: string, sequence: number): string {
  return `${instance}/${sequence}`;
}
