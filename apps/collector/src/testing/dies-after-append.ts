// A collector that is killed when the log has its first batch, and before anybody is told. Argument: the log's directory.
import { RunningCollector } from './running-collector.js';

const { port } = await RunningCollector.start({
  folder: process.argv[2]!,
  wrapLog: (log) =>
    new Proxy(log, {
      get: (target, name) => {
        if (name !== 'append') return (Reflect.get(target, name, target) as () => unknown).bind(target);
        return async (...args: Parameters<typeof log.append>) => {
          await target.append(...args);
          process.kill(process.pid, 'SIGKILL');
          // The signal may take a moment: nothing of this call gets out meanwhile.
          return new Promise(() => undefined);
        };
      },
    }),
});
process.send!({ port });
