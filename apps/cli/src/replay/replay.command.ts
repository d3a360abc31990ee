import type { Answer, Command, Host, Invocation } from '../command/command.js';
import { UsageError } from '../command/errors.js';
import { EXIT } from '../command/exit-codes.js';
import { oneOf, positiveNumber } from '../command/values.js';
import { Server, SERVER_OPTIONS } from '../http/server.js';
import { awaitStored, shareOf } from './await-stored.js';
import { askedLimits, settledLimits, type CacheLimits } from '../trace/cache-size.js';
import { openTrace, TRACE_OPTIONS } from '../trace/trace-options.js';
import { ReplayedCache } from './replayed-cache.js';
import { startTelemetry } from './start-telemetry.js';
import { Pace } from './pace.js';
import { deliverAll, firstAnswer } from './patience.js';
import { Progress } from '../command/progress.js';
import { say } from '../command/terminal.js';
import { cacheNameOf, renderReport, reportOf, type ReplayReport } from './report.js';
import { runTrace } from './run-trace.js';
import { storedOf } from './stored.js';
import type { Stored } from './stored.js';
import { placeOf, type RedisAddress } from './redis-address.js';
import { checkRedis, namespaceOf, removalByHand, removeNamespace } from './run-redis.js';
import { askedTiers, TIER_OPTIONS, type AskedTiers } from './tiers.js';

/** How long a server may be away where --wait says nothing, ms. */
const AWAY_MS = 300_000;
/** One that has never answered is not one that went away for a moment, ms. */
const FIRST_ANSWER_MS = 10_000;

export const replayCommand: Command = {
  name: 'replay',
  summary:
    'Run a trace through the cache with telemetry on, and compare what was emitted with what the database holds.',
  description:
    'A trace has one key per line, or columns key, size and time separated by commas or tabs (a first line that starts ' +
    'with # names them); plain or gzip. While the server is away the replay waits, and nothing is lost. ' +
    'With keys, the key needs the scopes write and read.',
  arguments: [{ name: 'TRACE', help: 'Path of the trace.' }],
  options: {
    ...TRACE_OPTIONS,
    ...TIER_OPTIONS,
    cache: { type: 'string', placeholder: 'lru', help: 'An older name of --policy lru.' },
    ...SERVER_OPTIONS,
    service: { type: 'string', placeholder: 'NAME', help: 'Service to emit as.', fallback: 'alperf-replay' },
    name: { type: 'string', placeholder: 'NAME', help: "Name of the cache. Default: the trace's file name." },
    speed: {
      type: 'string',
      placeholder: 'X',
      help: "Times the trace's own speed, for a trace with times. Default: as fast as it goes.",
    },
    rate: { type: 'string', placeholder: 'N', help: 'Requests per second at most.' },
    'time-unit': {
      type: 'string',
      placeholder: 'UNIT',
      help: 'Unit of the time column: s, ms, us, ns. Default: by its name, else ms.',
    },
    wait: {
      type: 'string',
      placeholder: 'SECONDS',
      help: `How long to wait for a server that is away. Default: ${AWAY_MS / 1_000}; ${FIRST_ANSWER_MS / 1_000} for one that has never answered.`,
    },
  },
  examples: [
    'replay trace.txt.gz --size 10000',
    'replay trace.csv --max-bytes 50MB --policy lru --json',
    'replay trace.csv --size 1% --tier memory,disk --disk-path data/replay --disk-max-bytes 100MB',
    'replay trace.csv --max-bytes 1GiB --tier disk --disk-path data/replay',
    'replay trace.csv --size 1% --tier memory,redis --redis redis://127.0.0.1:6379',
    'replay trace.tsv.gz --size 10% --speed 60 --endpoint http://127.0.0.1:8080',
  ],
  run: replay,
};

/** A database that holds less than was emitted and has not changed for this long will not any more, ms. */
const STUCK_AFTER_MS = 60_000;

async function replay(invocation: Invocation, host: Host): Promise<Answer> {
  const { clock, signal, random } = host;
  const progress = new Progress(host.terminal, clock);
  const tiers = { ...askedTiers(invocation, host), ...olderPolicy(invocation, progress) };
  const asked = askedLimits(invocation);
  const pace = { speed: positiveNumber(invocation, 'speed'), rate: positiveNumber(invocation, 'rate') };
  const wait = positiveNumber(invocation, 'wait');
  const [waitMs, firstWaitMs] = wait === undefined ? [AWAY_MS, FIRST_ANSWER_MS] : [wait * 1_000, wait * 1_000];
  const path = invocation.argument('TRACE')!;
  const name = cacheName(invocation, path);
  const server = new Server(invocation, host);
  const trace = await openTrace(invocation, host);
  // What is wrong with the trace is said before anybody waits for a server.
  await trace.checkBeginning({ needsTimes: pace.speed !== undefined });
  if (tiers.redis !== undefined) await checkRedis(tiers.redis.address, clock);
  const limits = await settledLimits(asked, trace);
  await firstAnswer(server, progress, host, firstWaitMs);
  const service = invocation.text('service')!;
  const telemetry = startTelemetry({ service, server, host });
  const namespace = namespaceOf(telemetry.instance);
  let cache: ReplayedCache | undefined;
  try {
    const { recorders } = telemetry;
    let isOpen = false;
    // Why a tier could not be opened is said by the failure itself.
    const onProblem = ({ message }: Error) => isOpen && progress.message(message);
    cache = new ReplayedCache({ name, limits, tiers, namespace, recorders, clock, random, onProblem });
    await cache.ready();
    isOpen = true;
    const startedAt = clock.monotonic();
    await runTrace({
      trace: trace.read(),
      share: () => trace.share,
      cache,
      telemetry,
      isUp: () => server.isUp(),
      pace: new Pace(pace, clock),
      progress,
      clock,
      signal,
    });
    const replayedAt = clock.monotonic();
    progress.finish(1, `${cache.requests.toLocaleString('en')} requests replayed`);
    if (cache.unanswered > 0)
      progress.message(
        `A tier that was away did not answer ${cache.unanswered.toLocaleString('en')} requests: they count as neither hits nor misses.`,
      );
    await deliverAll(server, telemetry, progress, host, waitMs);
    const delivery = telemetry.delivery();
    const emitted: Stored = { tiers: cache.counts(), events: delivery.accepted, batches: delivery.batches };
    const stored = await awaitStored(emitted, () => storedOf(server, service, telemetry.instance, cache!.tierNames), {
      clock,
      signal,
      stuckAfterMs: STUCK_AFTER_MS,
      unreachableAfterMs: waitMs,
      onLook: (share, trouble) => {
        if (trouble !== undefined) return progress.away(share, trouble);
        progress.back();
        progress.update(share, 'stored');
      },
    });
    progress.finish(shareOf(emitted, stored), 'stored');
    const report = reportOf({
      trace: path,
      cache: {
        policy: tiers.policy ?? null,
        policyAtEnd: cache.policy ?? null,
        name,
        maxEntries: limits.maxEntries ?? null,
        maxBytes: limits.maxBytes ?? null,
        disk: tiers.disk ?? null,
        redis: redisFacts(tiers, namespace, limits),
      },
      service,
      instance: telemetry.instance,
      emitted: emitted.tiers,
      delivery,
      stored,
      replayMs: replayedAt - startedAt,
      totalMs: clock.monotonic() - startedAt,
    });
    return answerOf(report);
  } finally {
    progress.close();
    // After all was delivered this has nothing left to do; after a failure or Ctrl-C it waits for nobody.
    await telemetry.abandon();
    await cache?.close();
    if (tiers.redis !== undefined) await leaveRedis(tiers.redis.address, namespace, host);
  }
}

/** Also after Ctrl-C: a server that others use, too, keeps nothing of a replay. What fails is told, and no failure of the replay. */
async function leaveRedis(address: RedisAddress, namespace: string, { clock, terminal }: Host): Promise<void> {
  try {
    await removeNamespace(address, namespace, clock);
  } catch (error) {
    say(
      terminal,
      `${(error as Error).message} What the replay wrote there stays. When the server is back, remove it with:\n  ${removalByHand(address, namespace)}`,
    );
  }
}

function redisFacts(
  { nearest, redis }: AskedTiers,
  namespace: string,
  limits: CacheLimits,
): ReplayReport['cache']['redis'] {
  if (redis === undefined) return null;
  const maxBytes = (nearest === 'redis' ? limits.maxBytes : redis.maxBytes) ?? null;
  return { place: placeOf(redis.address), namespace, maxBytes };
}

/** @throws UsageError */
function cacheName(invocation: Invocation, path: string): string {
  const name = invocation.text('name') ?? cacheNameOf(path);
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(name))
    throw new UsageError(
      `--name ${JSON.stringify(name)} is no name of a cache.`,
      'Write 1 to 64 letters, digits, dots, underscores and hyphens.',
    );
  return name;
}

/** `--cache lru`, as it was called when there was no other policy. @throws UsageError */
function olderPolicy(invocation: Invocation, progress: Progress): { readonly policy?: 'lru' } {
  if (oneOf(invocation, 'cache', ['lru']) === undefined) return {};
  const policy = invocation.text('policy');
  if (policy !== undefined && policy !== 'lru')
    throw new UsageError(`--cache lru and --policy ${policy} do not go together.`, 'Leave --cache out.');
  progress.message('--cache lru is an older name of --policy lru; without both the policy is adaptive.');
  return { policy: 'lru' };
}

function answerOf(report: ReplayReport): Answer {
  return { exitCode: report.equal ? EXIT.ok : EXIT.countsDiffer, json: report, text: renderReport(report) };
}
