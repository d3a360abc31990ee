/** The most that contracts let into one batch; a spec holds these to them. */
export const HARD_LIMITS = { batchEvents: 10_000, batchBytes: 1_000_000 };
