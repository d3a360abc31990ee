import { editDistance } from '#libs/contracts';
import { alperfCommand } from '../alperf-command.js';

/** Names the settings file. */
export const CONFIG_VARIABLE = 'ALPERF_CONFIG';

/**
 * Every variable that some app of this project reads, so that each app can tell a slip of the pen from another app's
 * setting when all of them share one environment. A test in apps/cli holds this list to the apps' own.
 */
export const KNOWN_VARIABLES: readonly string[] = [
  'ALPERF_AHEAD_MINUTES',
  'ALPERF_ALERT_FOR_MS',
  'ALPERF_ALERT_INTERVAL_MS',
  'ALPERF_ALERT_KEEP_FIRING_MS',
  'ALPERF_BIND',
  'ALPERF_CLICKHOUSE_DATABASE',
  'ALPERF_CLICKHOUSE_PASSWORD',
  'ALPERF_CLICKHOUSE_PASSWORD_FILE',
  'ALPERF_CLICKHOUSE_URL',
  'ALPERF_CLICKHOUSE_USER',
  CONFIG_VARIABLE,
  'ALPERF_DATA_DIR',
  'ALPERF_ENDPOINT',
  'ALPERF_HTTP_PORT',
  'ALPERF_INSERT_INTERVAL_MS',
  'ALPERF_INSERT_MAX_ROWS',
  'ALPERF_KAFKA_BROKERS',
  'ALPERF_KEY',
  'ALPERF_KEYS_FILE',
  'ALPERF_LABELS',
  'ALPERF_LATE_HOURS',
  'ALPERF_LOG',
  'ALPERF_LOG_FORMAT',
  'ALPERF_LOG_LEVEL',
  'ALPERF_LOG_RETENTION_HOURS',
  'ALPERF_MAX_CONNECTIONS',
  'ALPERF_MAX_DISTINCT',
  'ALPERF_MAX_IN_FLIGHT_BYTES',
  'ALPERF_MAX_LABEL_VALUES',
  'ALPERF_MAX_NAMES',
  'ALPERF_MAX_SERVICES',
  'ALPERF_ORIGINS',
  'ALPERF_PARTITIONS',
  'ALPERF_RATE_BYTES',
  'ALPERF_RATE_EVENTS',
  'ALPERF_RECOUNT_INTERVAL_MS',
  'ALPERF_RECOUNT_MAX_WAIT_MS',
  'ALPERF_AUDIT_INTERVAL_MS',
  'ALPERF_SQL_PORT',
];

/**
 * What docker-compose.yml alone takes from the environment or from .env. No program reads them, but each leaves them
 * alone: whoever exports .env in a shell must still be able to run the command line there.
 */
export const COMPOSE_VARIABLES: readonly string[] = [
  'ALPERF_API_KEYS',
  'ALPERF_GRAFANA_PASSWORD',
  'ALPERF_KAFKA_CLUSTER_ID',
  'ALPERF_READER_PASSWORD',
];

/** Variables of the project's own scripts and tests; apps leave them alone. */
const NOT_SETTINGS = /^ALPERF_(TEST|BENCH)_/;

/** The `ALPERF_…` variables that nobody knows, each with the nearest names that exist. Pure. */
export function unknownVariables(env: Readonly<Record<string, string | undefined>>, own: readonly string[]): string[] {
  const known = [...new Set([...KNOWN_VARIABLES, ...own])].sort();
  return Object.keys(env)
    .filter((name) => name.startsWith('ALPERF_') && !NOT_SETTINGS.test(name))
    .filter((name) => !known.includes(name) && !COMPOSE_VARIABLES.includes(name))
    .sort()
    .map((name) => `${name}: there is no such setting${suggestion(name, known)}`);
}

/**
 * `; did you mean A or B?`, or where to look when nothing is near: of a short name, hardly a letter may be wrong, or any
 * other short name would be near.
 */
export function suggestion(name: string, known: readonly string[]): string {
  const allowed = Math.max(1, Math.floor(name.replace(/^ALPERF_/, '').length / 3));
  const near = known
    .map((one) => ({ one, distance: editDistance(name, one) }))
    .filter(({ distance }) => distance <= allowed)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ one }) => one);
  return near.length > 0
    ? `; did you mean ${near.join(' or ')}?`
    : `; "${alperfCommand('config')}" lists those there are`;
}
