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

/** The source of a program that puts telemetry under load as `busyHost` does, and prints what that found as one line. */
export function loadProgram(sourceRoot: string, endpoint: string): string {
  const door = pathToFileURL(`${sourceRoot}/node/index.ts`).href;
  const host = pathToFileURL(`${sourceRoot}/testing/busy-host.ts`).href;
  return `
    ${sourceHooks()}
    const { createTelemetry } = await import(${JSON.stringify(door)});
    const { busyHost } = await import(${JSON.stringify(host)});
    const telemetry = createTelemetry({ service: 'busy', version: '1', endpoint: ${JSON.stringify(endpoint)}, salt: 's' });
    const warmUp = await busyHost(telemetry, 2000);
    const { undisturbed, counted } = await busyHost(telemetry, 5000);
    await telemetry.shutdown({ deadlineMs: 20000 });
    const p99 = undisturbed[Math.floor(0.99 * undisturbed.length)];
    console.log(JSON.stringify({ p99, accepted: telemetry.stats().accepted, counted: counted + warmUp.counted }));
  `;
}

/**
 * The source of a program that takes a spool's lock as soon as it can, says whether it was alone with it, and kills
 * itself while it has it.
 */
export function contenderProgram(sourceRoot: string, directory: string): string {
  const lock = pathToFileURL(`${sourceRoot}/node/spool-lock.ts`).href;
  return `
    ${sourceHooks()}
    import { openSync, rmSync, writeSync } from 'node:fs';
    import { setTimeout } from 'node:timers/promises';
    const { SpoolLock } = await import(${JSON.stringify(lock)});
    const directory = ${JSON.stringify(directory)};
    const one = new SpoolLock(directory);
    for (;;)
      try {
        await one.acquire();
        break;
      } catch (cause) {
        if (cause.code !== 'SPOOL_LOCKED') throw cause;
        await setTimeout(1);
      }
    // Fails when there is another one.
    openSync(directory + '/alone', 'wx');
    await setTimeout(20);
    rmSync(directory + '/alone');
    writeSync(1, 'held alone');
    process.kill(process.pid, 'SIGKILL');
  `;
}
