// A process of its own that emits at a steady rate: one cache.access event per access, through the real emitter.
import { createTelemetry } from '#libs/telemetry/node';
import { pause } from './product.js';

const [endpoint = '', perSecond = '1000', name = 'load'] = process.argv.slice(2);
const telemetry = createTelemetry({
  service: 'bench',
  version: '1',
  endpoint,
  salt: 'bench',
  flushIntervalMs: 250,
  maxBufferBytes: 256 * 2 ** 20,
});
const cache = telemetry.cache(name, { sampling: { rate: 1 }, maxAccessesPerWindow: Infinity });
const stopping = new AbortController();
process.once('SIGTERM', () => stopping.abort());
process.once('disconnect', () => process.exit(1));

const started = performance.now();
let emitted = 0;
while (!stopping.signal.aborted) {
  const due = Math.floor(((performance.now() - started) / 1_000) * Number(perSecond));
  for (; emitted < due; emitted++)
    cache.accessKey('get', emitted % 5 === 0 ? 'miss' : 'hit', String(emitted % 100_000));
  await pause(10);
}
await telemetry.shutdown({ deadlineMs: 30_000 });
process.send?.({ emitted, elapsedMs: performance.now() - started, stats: telemetry.stats() });
process.disconnect();
