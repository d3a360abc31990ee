import type { Clock } from '#libs/time';
import type { AlertsAnswer } from '#libs/contracts';
import { CliError, UnreachableError } from '../command/errors.js';
import { refusal } from '../http/request.js';
import type { Server } from '../http/server.js';
import { failed, ok, skipped, warning, type Check } from './check.js';

/** Windows further in the future than 5 min are rejected; long before that, answers look odd. */
const SKEW_MS = { warning: 5_000, failed: 60_000 } as const;

/** HTTP, readiness, SQL, alerts and the clock of a running server. */
export async function serverChecks(server: Server, clock: Clock, alerterPort: number): Promise<Check[]> {
  const startedAt = clock.now();
  let health;
  try {
    health = await server.get('/health', 5_000);
  } catch (error) {
    const why = 'no server answers';
    return [problem('server', error), ...['dependencies', 'sql', 'alerts', 'clock'].map((name) => skipped(name, why))];
  }
  const midpoint = (startedAt + clock.now()) / 2;
  const date = Date.parse(health.headers.get('date') ?? '');
  return [
    health.status === 200
      ? ok('server', `${server.endpoint} answers`)
      : failed(
          'server',
          `${server.endpoint}/health answers ${health.status}`,
          'Check that --endpoint is the address of this product, and look at its log.',
        ),
    await readiness(server),
    await sql(server),
    await alerts(server, alerterPort),
    Number.isNaN(date)
      ? skipped('clock', 'the server tells no time')
      : // The header has whole seconds, cut off: half a second is the best guess.
        judgeSkew(date + 500 - midpoint),
  ];
}

/** Pure. */
export function judgeSkew(skewMs: number): Check {
  const apart = Math.abs(skewMs);
  const detail =
    apart < 1_000
      ? "as the server's"
      : `${(apart / 1_000).toFixed(1)} s ${skewMs < 0 ? 'ahead of' : 'behind'} the server's`;
  const remedy = 'Set the clock by NTP. Events from more than 5 min ahead are rejected.';
  if (apart >= SKEW_MS.failed) return failed('clock', detail, remedy);
  return apart >= SKEW_MS.warning ? warning('clock', detail, remedy) : ok('clock', detail);
}

/** Pure. */
export function judgeAlerts({ data }: AlertsAnswer): Check {
  const namesOf = (state: 'firing' | 'pending') => [
    ...new Set(data.alerts.filter((one) => one.state === state).map(({ labels }) => labels['alertname'] ?? 'unnamed')),
  ];
  const firing = namesOf('firing');
  const pending = namesOf('pending');
  if (firing.length > 0)
    return failed(
      'alerts',
      `firing: ${firing.join(', ')}`,
      `Follow ${firing.map((name) => `docs/runbooks/${name}.md`).join(', ')}.`,
    );
  return ok('alerts', pending.length === 0 ? 'none' : `none fires yet; pending: ${pending.join(', ')}`);
}

/** In one process the alerts are at the endpoint; apart, the alerter has a port of its own. */
async function alerts(server: Server, alerterPort: number): Promise<Check> {
  const path = '/api/v1/alerts';
  let apart = false;
  try {
    let reply = await server.get(path, 5_000);
    apart = reply.status === 404;
    if (apart) reply = await server.getBeside(alerterPort, path, 5_000);
    if (reply.status !== 200) throw refusal('The alerts cannot be read', reply);
    return judgeAlerts(JSON.parse(reply.body) as AlertsAnswer);
  } catch (error) {
    if (!apart || !(error instanceof UnreachableError)) return problem('alerts', error);
    return warning(
      'alerts',
      `no alerter answers at ${server.beside(alerterPort)}`,
      `Start it; where it runs on another host, ask there: GET ${path}.`,
    );
  }
}

async function readiness(server: Server): Promise<Check> {
  try {
    const reply = await server.get('/ready', 10_000);
    return reply.status === 200
      ? ok('dependencies', 'ready')
      : failed(
          'dependencies',
          `not ready (${reply.status}): ${reply.body.trim().slice(0, 500)}`,
          'The answer names what is missing: start it, or correct its address.',
        );
  } catch (error) {
    return problem('dependencies', error);
  }
}

async function sql(server: Server): Promise<Check> {
  try {
    const [row] = await server.query<{ version: string }>('SELECT version() AS version');
    return ok('sql', `${await server.sqlUrl()} answers, version ${row?.version ?? 'unknown'}`);
  } catch (error) {
    return problem('sql', error);
  }
}

function problem(name: string, error: unknown): Check {
  return error instanceof CliError
    ? failed(name, error.message, error.remedy)
    : failed(name, error instanceof Error ? error.message : String(error), 'See the message.');
}
