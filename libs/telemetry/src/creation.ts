import { HARD_LIMITS } from './hard-limits.js';

/** What a host says when it creates telemetry, as it may come from a program without types. */
export interface Creation {
  readonly service: unknown;
  readonly version: unknown;
  readonly platform?: unknown;
  readonly endpoint: unknown;
  readonly windowMs?: unknown;
  readonly compression?: unknown;
  readonly timeoutMs?: unknown;
  readonly flushIntervalMs?: unknown;
  readonly heartbeatMs?: unknown;
  readonly maxBatchEvents?: unknown;
  readonly maxBatchBytes?: unknown;
  readonly maxBufferBytes?: unknown;
  /** A directory, or more about it: only the numbers are looked at. */
  readonly spool?: unknown;
}

/** A timer that is to wait for longer does not wait at all. */
const MAX_TIMER_MS = 2_147_483_647;
/** From and to; each is documented where the option is. */
const RANGES = {
  timeoutMs: [1, MAX_TIMER_MS],
  flushIntervalMs: [1, MAX_TIMER_MS],
  heartbeatMs: [1, MAX_TIMER_MS],
  maxBatchEvents: [1, HARD_LIMITS.batchEvents],
  maxBatchBytes: [1_000, HARD_LIMITS.batchBytes],
  maxBufferBytes: [10_000, Number.MAX_SAFE_INTEGER],
} as const;
const SPOOL_RANGES = {
  maxBytes: [10_000, Number.MAX_SAFE_INTEGER],
  segmentBytes: [1, Number.MAX_SAFE_INTEGER],
} as const;

/** What depends on the door. */
export interface DoorRules {
  readonly compressions?: readonly string[];
  /** What an endpoint without a host is relative to: the page's own address. */
  readonly base?: string | undefined;
}

/**
 * Refuses options with which nothing would ever be counted or arrive: with them, telemetry that keeps silent looks like
 * telemetry that works. Only here, and never afterwards, does it throw into its host.
 * @throws TypeError that lists everything that is wrong.
 */
export function refuseMistakes(creation: Creation, rules: DoorRules = {}): void {
  const problems = creationProblems(creation, rules);
  if (problems.length > 0) throw new TypeError(`Telemetry cannot be created: ${problems.join('; ')}.`);
}

/** Everything that is wrong, each in words that say what to give instead. Pure. */
export function creationProblems(creation: Creation, { compressions, base }: DoorRules = {}): string[] {
  const { service, version, platform, endpoint, windowMs, compression } = creation;
  return [
    nameProblem('service', service, 'catalogue'),
    nameProblem('version', version, '1.4.0'),
    platform === undefined ? undefined : nameProblem('platform', platform, 'linux'),
    endpointProblem(endpoint, base),
    windowMs === undefined || windowMs === 1_000 || windowMs === 10_000
      ? undefined
      : `windowMs is ${shown(windowMs)}; take 1000 or 10000`,
    compression === undefined || compressions === undefined || compressions.includes(compression as string)
      ? undefined
      : `compression is ${shown(compression)}; take ${compressions.join(', ')}`,
    ...rangeProblems('', creation, RANGES),
    ...(isObject(creation.spool) ? rangeProblems('spool.', creation.spool, SPOOL_RANGES) : []),
  ].filter((problem) => problem !== undefined);
}

/** Numbers outside of their ranges, and what is no number. */
function rangeProblems(
  prefix: string,
  options: object,
  ranges: Readonly<Record<string, readonly [from: number, to: number]>>,
): string[] {
  const values: Readonly<Record<string, unknown>> = { ...options };
  return Object.entries(ranges).flatMap(([name, [from, to]]) => {
    const value = values[name];
    if (value === undefined || (typeof value === 'number' && value >= from && value <= to)) return [];
    return `${prefix}${name} is ${shown(value)}; take a number from ${from} to ${to}`;
  });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** As contracts take names; a spec holds this to them, whose schemas would not fit into a page. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.:/ -]{0,127}$/;

function nameProblem(option: string, value: unknown, example: string): string | undefined {
  if (typeof value === 'string' && NAME.test(value)) return undefined;
  if (value === undefined || value === '') return `${option} is missing; give one such as "${example}"`;
  return `${option} is ${shown(value)}; give 1 to 128 letters, digits and _.:/ -, such as "${example}"`;
}

/** What is wrong with a collector's base, if anything. Pure. */
export function endpointProblem(endpoint: unknown, base?: string): string | undefined {
  const example = 'give one such as http://127.0.0.1:8080';
  if (typeof endpoint !== 'string') return `the collector's endpoint is missing; ${example}`;
  let url: URL;
  try {
    url = new URL(endpoint, base);
  } catch {
    return `the collector's endpoint ${JSON.stringify(endpoint)} is not a URL; ${example}`;
  }
  if (url.protocol === 'http:' || url.protocol === 'https:') return undefined;
  return `the collector's endpoint ${JSON.stringify(endpoint)} is not one of HTTP or HTTPS; ${example}`;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
