import { decodeHeaders, EVENTS_TOPIC } from '#libs/contracts';
import type { EventLog, LogRecord } from '#libs/event-log';
import type { AggregatorStore } from '../aggregator-store.js';
import { identityKey } from '../insert/identity.js';
import type { Finding } from './findings.js';

/** Records in one chunk of the log's check. */
export const LOG_CHUNK = 500;

/** Chunks of committed records that the log still holds, by their first offset. */
export function logChunks(earliest: bigint, committed: bigint): number[] {
  const chunks: number[] = [];
  const first = Number(earliest) - (Number(earliest) % LOG_CHUNK);
  for (let chunk = first; chunk < Number(committed); chunk += LOG_CHUNK) chunks.push(chunk);
  return chunks;
}

/** The log against `batches`: whatever is committed must stand there, at this offset or a lower one. */
export async function checkLog(
  log: EventLog,
  store: AggregatorStore,
  partition: number,
  chunk: number,
  committed: bigint,
): Promise<Finding> {
  const records = await log.read(EVENTS_TOPIC, { partition, offset: BigInt(chunk) }, LOG_CHUNK);
  const announced = records
    .filter(({ offset }) => offset < committed && offset < BigInt(chunk + LOG_CHUNK))
    .flatMap(identityOf);
  const [known, poison] = await Promise.all([
    store.knownBatches(announced),
    store.poisonOffsets(partition, chunk, chunk + LOG_CHUNK),
  ]);
  let checked = 0;
  let lost = 0;
  for (const { instance, sequence, offset, events } of announced) {
    checked += events;
    if (poison.has(offset)) continue;
    const found = known.get(identityKey(instance, sequence));
    if (found === undefined || !found.some((one) => one.offset <= offset)) lost += Math.max(1, events);
  }
  return { checked, lost, duplicated: 0 };
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Without readable headers there is no identity; such a record is in the dead letters. */
function identityOf({
  key,
  headers,
  offset,
}: LogRecord): { instance: string; sequence: number; offset: bigint; events: number }[] {
  try {
    const { sequence, events } = decodeHeaders(headers);
    return UUID.test(key) ? [{ instance: key, sequence, offset, events }] : [];
  } catch {
    return [];
  }
}
