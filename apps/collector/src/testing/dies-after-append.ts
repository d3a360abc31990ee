// A collector that is killed when the log has its first batch, and before anybody is told.
// Arguments: the log's directory, and its number of partitions when it is not the default.
import { RunningCollector } from './running-collector.js';
import { withAppend } from './with-append.js';

const { port } = await RunningCollector.start({
  folder: process.argv[2]!,
  ...(process.argv[3] !== undefined && { config: { partitions: Number(process.argv[3]) } }),
  wrapLog: (log) =>
    withAppend(log, async (append) => {
      await append();
      process.kill(process.pid, 'SIGKILL');
      // The signal may take a moment: nothing of this call gets out meanwhile.
      return new Promise(() => undefined);
    }),
});
process.send!({ port });
