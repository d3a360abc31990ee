import type { Server } from '../http/server.js';

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

export interface CauseCount {
  readonly service: string;
  readonly cause: string;
  readonly letters: string | number;
}

export function countByCause(server: Server, filter: Filter, limit: number): Promise<CauseCount[]> {
  const { where, parameters } = conditionsOf(filter);
  return server.query<CauseCount>(
    `SELECT service, cause, count() AS letters FROM dead_letters FINAL ${where}
     GROUP BY service, cause ORDER BY letters DESC, service, cause LIMIT {limit:UInt32}`,
    { ...parameters, limit },
  );
}
