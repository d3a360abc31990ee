import { pathToFileURL } from 'node:url';
import { sourceHooks } from './source-hooks.js';

/**
 * The source of a program that emits numbered events without end, for tests that kill it. Every 20 ms it prints its
 * counters as one JSON line. It runs from the sources.
 */
export function emitterProgram(sourceRoot: string, endpoint: string, spool: string): string {
  const door = pathToFileURL(`${sourceRoot}/node/index.ts`).href;
  return `
    ${sourceHooks()}
    const { createTelemetry } = await import(${JSON.stringify(door)});
    const telemetry = createTelemetry({
      service: 'victim', version: '1', endpoint: ${JSON.stringify(endpoint)}, spool: ${JSON.stringify(spool)},
      flushIntervalMs: 20, timeoutMs: 2000,
    });
    const cache = telemetry.cache('pages');
    let number = 0;
    setInterval(() => cache.change({ change: 'cleared', by: 'host', entries: number++ }), 1);
    setInterval(() => {
      const { accepted, spoolBytes } = telemetry.stats();
      console.log(JSON.stringify({ number, accepted, spoolBytes }));
    }, 20);
  `;
}

/**
 * The source of a program that puts telemetry under load, 40 sampled accesses and 40 of 5,000 label sets a millisecond,
 * and prints what the thread computed in one turn of the event loop, ms, at the 50th and 99th percentile. Computing time
 * rather than waiting time: what else a machine does at the moment is not telemetry's.
 */
export function loadProgram(sourceRoot: string, endpoint: string): string {
  const door = pathToFileURL(`${sourceRoot}/node/index.ts`).href;
  return `
    ${sourceHooks()}
    const { createTelemetry } = await import(${JSON.stringify(door)});
    const telemetry = createTelemetry({ service: 'busy', version: '1', endpoint: ${JSON.stringify(endpoint)}, salt: 's' });
    const cache = telemetry.cache('pages', { maxAccessesPerWindow: Infinity });
    const family = telemetry.metric('requests_total', { type: 'counter', labels: ['id'], maxLabelSets: 5000 });
    const hashes = Array.from({ length: 5000 }, (_, i) => cache.hashKey('key-' + i));
    let next = 0;
    async function turns(forMs) {
      const computed = [];
      const until = performance.now() + forMs;
      let last = process.threadCpuUsage();
      while (performance.now() < until) {
        for (let i = 0; i < 40; i++, next++) {
          cache.hit(hashes[next % 5000]);
          family.with({ id: String(next % 5000) }).add();
        }
        await new Promise((resolve) => setTimeout(resolve, 1));
        const now = process.threadCpuUsage();
        computed.push((now.user + now.system - last.user - last.system) / 1000);
        last = now;
      }
      return computed.sort((a, b) => a - b);
    }
    await turns(1500);
    const computed = await turns(4000);
    await telemetry.shutdown();
    const at = (share) => computed[Math.floor(share * computed.length)];
    console.log(JSON.stringify({ p50: at(0.5), p99: at(0.99), accepted: telemetry.stats().accepted, counted: next }));
  `;
}
