// A collector that is killed when the log has its first batch, and before anybody is told. Argument: the log's directory.
import { RunningCollector } from './running-collector.js';
import { withAppend } from './with-append.js';

const { port } = await RunningCollector.start({
  folder: process.argv[2]!,
  wrapLog: (log) =>
    withAppend(log, async (append) => {
      await append();
      process.kill(process.pid, 'SIGKILL');
      // The signal may take a moment: nothing of this call gets out meanwhile.
      return new Promise(() => undefined);
    }),
});
process.send!({ port });
