import type { Server } from '../http/server.js';
import { jsonOf } from '../input/json-of.js';

/** Which dead letters are meant; what is left out does not matter. */
export interface Filter {
  readonly service?: string | undefined;
  /** One of few: why it was not accepted, in one word. */
  readonly cause?: string | undefined;
  /** Part of the reason. */
  readonly reason?: string | undefined;
  /** Accept time, ms since 1970. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly instance?: string | undefined;
  readonly sequence?: number | undefined;
  readonly index?: number | undefined;
}

/** One dead letter as SQL answers it. */
export type DeadLetter = Readonly<Record<string, unknown>>;

const CONDITIONS: { readonly [Key in keyof Filter]-?: string } = {
  service: 'service = {service:String}',
  cause: 'cause = {cause:String}',
  reason: 'positionCaseInsensitive(reason, {reason:String}) > 0',
  since: 'accepted_at >= fromUnixTimestamp64Milli({since:Int64})',
  until: 'accepted_at < fromUnixTimestamp64Milli({until:Int64})',
  instance: 'instance = {instance:UUID}',
  sequence: 'sequence = {sequence:UInt64}',
  index: 'idx = {index:UInt32}',
};

/** WHERE clause and its bound parameters: nothing that a user typed becomes SQL text. Pure. */
export function conditionsOf(filter: Filter): { where: string; parameters: Record<string, string | number> } {
  const parameters: Record<string, string | number> = {};
  const conditions: string[] = [];
  for (const [name, condition] of Object.entries(CONDITIONS) as [keyof Filter, string][]) {
    const value = filter[name];
    if (value === undefined) continue;
    conditions.push(condition);
    parameters[name] = value;
  }
  return { where: conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`, parameters };
}

/** The newest first. */
export function findDeadLetters(server: Server, filter: Filter, limit: number): Promise<DeadLetter[]> {
  const { where, parameters } = conditionsOf(filter);
  return server.query<DeadLetter>(
    `SELECT * FROM dead_letters FINAL ${where} ORDER BY accepted_at DESC, instance, sequence, idx LIMIT {limit:UInt32}`,
    { ...parameters, limit },
  );
}

/** As JSON answers it: the event as the object it is; a text that is none, such as one too large to keep, stays. Pure. */
export function withEventRead(letter: DeadLetter): DeadLetter {
  const event = typeof letter['event'] === 'string' ? jsonOf(letter['event']) : undefined;
  return typeof event === 'object' && event !== null ? { ...letter, event } : letter;
}

/** Reasons told of each cause. */
const REASONS_OF_A_CAUSE = 3;

export interface CauseCount {
  readonly service: string;
  readonly cause: string;
  readonly letters: number;
  /** The most frequent ones, at most three. */
  readonly reasons: readonly { readonly reason: string; readonly letters: number }[];
}

/** As SQL answers it: whole numbers of 64 bits may come as text. */
interface Reason {
  readonly service: string;
  readonly cause: string;
  readonly reason: string;
  readonly n: string | number;
  /** Of the whole cause. */
  readonly letters: string | number;
}

/** The most frequent first. */
export async function countByCause(server: Server, filter: Filter, limit: number): Promise<CauseCount[]> {
  const { where, parameters } = conditionsOf(filter);
  const rows = await server.query<Reason>(
    `SELECT service, cause, reason, count() AS n, sum(count()) OVER (PARTITION BY service, cause) AS letters
     FROM dead_letters FINAL ${where} GROUP BY service, cause, reason
     ORDER BY letters DESC, service, cause, n DESC, reason
     LIMIT {reasons:UInt32} BY service, cause LIMIT {rows:UInt32}`,
    { ...parameters, reasons: REASONS_OF_A_CAUSE, rows: limit * REASONS_OF_A_CAUSE },
  );
  const causes = Map.groupBy(rows, ({ service, cause }) => `${service} ${cause}`);
  return [...causes.values()].slice(0, limit).map((reasons) => {
    const { service, cause, letters } = reasons[0]!;
    return {
      service,
      cause,
      letters: Number(letters),
      reasons: reasons.map(({ reason, n }) => ({ reason, letters: Number(n) })),
    };
  });
}
