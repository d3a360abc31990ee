/** What the aggregator keeps with a commit: for the partition's next owner, and for collectors. */
export interface CommitMetadata {
  /** ms since 1970; 0 when it is not known. */
  readonly watermark: number;
  /** How long before its accept time an event may lie for the aggregator to have raw events of then, ms. */
  readonly latenessMs?: number;
}

export function writeCommitMetadata(metadata: CommitMetadata): string {
  return JSON.stringify(metadata);
}

/** Reads a commit's metadata; what is not ours is as if there were none. */
export function readCommitMetadata(text: string | undefined): CommitMetadata {
  try {
    const { watermark, latenessMs } = JSON.parse(text ?? '{}') as Partial<Record<keyof CommitMetadata, unknown>>;
    return {
      watermark: typeof watermark === 'number' && Number.isFinite(watermark) ? watermark : 0,
      ...(typeof latenessMs === 'number' && Number.isFinite(latenessMs) && { latenessMs }),
    };
  } catch {
    return { watermark: 0 };
  }
}
