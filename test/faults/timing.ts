/** As in production, but without waiting. */
export const QUICK_AGGREGATOR = {
  partitions: 2,
  lateHours: 48,
  insertIntervalMs: 10,
  insertMaxRows: 50_000,
  recountIntervalMs: 50,
  recountMaxWaitMs: 10,
  auditIntervalMs: 3_600_000,
};

/** The broker of the tests allows 1,000 ms and more. */
export const SESSION_MS = 1_000;
