import 'reflect-metadata';
import { beginProgram, runProgram } from '#libs/operations';
import { standaloneSettings } from './config.js';
import { startStandalone } from './standalone.js';
import { welcomeText } from './welcome.js';

// Each query of the embedded engine holds a thread of Node's pool while it runs; the default of 4 would let people's SQL
// starve compression and the log. It is read when the pool is first used.
process.env['UV_THREADPOOL_SIZE'] ??= '24';

await runProgram(process, async () => {
  const { values, logFormat, clock, log } = beginProgram('standalone', standaloneSettings, process);
  const running = await startStandalone({ ...values, clock, log, processMetrics: true });
  const { url, sqlUrl, dataDir, needsKey } = running;
  // Counted from the start of the process: that is what a person waits for.
  const startedMs = Math.round(performance.now());
  if (logFormat === 'short') process.stdout.write(welcomeText({ url, sqlUrl, dataDir, startedMs, needsKey }));
  else log.info('AlLibrary Performance runs.', { url, sqlUrl, dataDir, startedMs });
  return { clock, log, shutdown: running.shutdown };
});
