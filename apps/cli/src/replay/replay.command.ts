import { resolve } from 'node:path';
import type { Answer, Command, Host, Invocation } from '../command/command.js';
import { EXIT } from '../command/exit-codes.js';
import { oneOf, positiveNumber } from '../command/values.js';
import { Server, SERVER_OPTIONS } from '../http/server.js';
import { awaitStored } from './await-stored.js';
import { askedLimits, settledLimits } from './cache-size.js';
import { LruReplay } from './lru.js';
import { startTelemetry } from './start-telemetry.js';
import { Pace } from './pace.js';
import { deliverAll, firstAnswer } from './patience.js';
import { Progress } from './progress.js';
import { cacheNameOf, renderReport, reportOf, type ReplayReport } from './report.js';
import { runTrace } from './run-trace.js';
import { storedOf } from './stored.js';
import { TraceFile } from './trace-file.js';
import { TIME_UNITS, TRACE_FORMATS, type TimeUnit } from './trace-parser.js';

/** How long a server may be away where --wait says nothing, ms. */
const AWAY_MS = 300_000;
/** One that has never answered is not one that went away for a moment, ms. */
const FIRST_ANSWER_MS = 10_000;

export const replayCommand: Command = {
  name: 'replay',
  summary:
    'Run a trace through a real cache with telemetry on, and compare what was emitted with what the database holds.',
  description:
    'A trace has one key per line, or columns key, size and time separated by commas or tabs (a first line that starts ' +
    'with # names them); plain or gzip. While the server is away the replay waits, and nothing is lost. ' +
    'With keys, the key needs the scopes write and read.',
  arguments: [{ name: 'TRACE', help: 'Path of the trace.' }],
  options: {
    cache: { type: 'string', placeholder: 'POLICY', help: 'The cache: lru (the lru-cache package).', fallback: 'lru' },
    size: { type: 'string', placeholder: 'N', help: "Most entries; 10% is a share of the trace's unique keys." },
    'max-bytes': { type: 'string', placeholder: 'N', help: 'Most bytes, by the sizes in the trace.' },
    ...SERVER_OPTIONS,
    service: { type: 'string', placeholder: 'NAME', help: 'Service to emit as.', fallback: 'alperf-replay' },
    name: { type: 'string', placeholder: 'NAME', help: "Name of the cache. Default: the trace's file name." },
    speed: {
      type: 'string',
      placeholder: 'X',
      help: "Times the trace's own speed, for a trace with times. Default: as fast as it goes.",
    },
    rate: { type: 'string', placeholder: 'N', help: 'Requests per second at most.' },
    format: { type: 'string', placeholder: 'FORMAT', help: `One of ${TRACE_FORMATS.join(', ')}.`, fallback: 'auto' },
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
    'replay trace.txt.gz --cache lru --size 10000',
    'replay trace.csv --max-bytes 50_000_000 --json',
    'replay trace.tsv.gz --size 10% --speed 60 --endpoint http://127.0.0.1:8080',
  ],
  run: replay,
};

/** A database that holds less than was emitted and has not changed for this long will not any more, ms. */
const STUCK_AFTER_MS = 60_000;
async function replay(invocation: Invocation, host: Host): Promise<Answer> {
  const { clock, signal } = host;
  oneOf(invocation, 'cache', ['lru']);
  const asked = askedLimits(invocation);
  const pace = { speed: positiveNumber(invocation, 'speed'), rate: positiveNumber(invocation, 'rate') };
  const wait = positiveNumber(invocation, 'wait');
  const [waitMs, firstWaitMs] = wait === undefined ? [AWAY_MS, FIRST_ANSWER_MS] : [wait * 1_000, wait * 1_000];
  const path = invocation.argument('TRACE')!;
  const server = new Server(invocation, host);
  const trace = await TraceFile.open(resolve(host.cwd, path), {
    format: oneOf(invocation, 'format', TRACE_FORMATS)!,
    timeUnit: oneOf(invocation, 'time-unit', Object.keys(TIME_UNITS) as TimeUnit[]),
  });
  const progress = new Progress(host.terminal, clock);
  // What is wrong with the trace is said before anybody waits for a server.
  await trace.checkBeginning({ needsTimes: pace.speed !== undefined });
  const limits = await settledLimits(asked, trace);
  await firstAnswer(server, progress, host, firstWaitMs);
  const service = invocation.text('service')!;
  const cacheName = invocation.text('name') ?? cacheNameOf(path);
  const telemetry = startTelemetry({ service, cacheName, limits, server, host });
  try {
    const cache = new LruReplay(limits, telemetry.observer);
    telemetry.gauges(() => ({ entries: cache.entries, bytes: cache.bytes }));
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
    progress.finish(1, `${cache.counts.requests.toLocaleString('en')} requests replayed`);
    await deliverAll(server, telemetry, progress, host, waitMs);
    const delivery = telemetry.delivery();
    const stored = await awaitStored(
      { counts: cache.counts, events: delivery.accepted, batches: delivery.batches },
      () => storedOf(server, service, telemetry.instance),
      {
        clock,
        signal,
        stuckAfterMs: STUCK_AFTER_MS,
        unreachableAfterMs: waitMs,
        onLook: (share, trouble) => {
          if (trouble !== undefined) return progress.away(share, trouble);
          progress.back();
          progress.update(share, 'stored');
        },
      },
    );
    progress.finish(cache.counts.requests === 0 ? 1 : stored.counts.requests / cache.counts.requests, 'stored');
    const report = reportOf({
      trace: path,
      cacheName,
      ...limits,
      service,
      instance: telemetry.instance,
      counts: cache.counts,
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
  }
}

function answerOf(report: ReplayReport): Answer {
  return { exitCode: report.equal ? EXIT.ok : EXIT.countsDiffer, json: report, text: renderReport(report) };
}
