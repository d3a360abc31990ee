import { pathToFileURL } from 'node:url';

/**
 * The source of a program that counts hits without end, for tests that kill it: each second it says on stdout how many
 * events its spool has made durable. It runs from the sources, with Node's own removal of types.
 */
export function emitterProgram(sourceRoot: string, endpoint: string, spool: string): string {
  const door = pathToFileURL(`${sourceRoot}/node/index.ts`).href;
  return `
    import { registerHooks } from 'node:module';
    import { existsSync } from 'node:fs';
    registerHooks({
      resolve(specifier, context, next) {
        if (specifier.startsWith('.') && specifier.endsWith('.js')) {
          const source = new URL(specifier.replace(/\\.js$/, '.ts'), context.parentURL);
          if (existsSync(source)) return next(source.href, context);
        }
        return next(specifier, context);
      },
    });
    const { createTelemetry } = await import(${JSON.stringify(door)});
    const telemetry = createTelemetry({
      service: 'victim', version: '1', endpoint: ${JSON.stringify(endpoint)}, spool: ${JSON.stringify(spool)},
      flushIntervalMs: 20, timeoutMs: 2000,
    });
    const cache = telemetry.cache('pages');
    let number = 0;
    setInterval(() => cache.change({ change: 'cleared', by: 'host', entries: number++ }), 1);
    setInterval(() => {
      const { queued, unacknowledgedBatches, accepted, spoolBytes } = telemetry.stats();
      console.log(JSON.stringify({ number, queued, unacknowledgedBatches, accepted, spoolBytes }));
    }, 20);
  `;
}
