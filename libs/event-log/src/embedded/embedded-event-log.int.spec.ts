import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '#libs/time';
import { eventLogContract } from '../testing/index.js';
import { EmbeddedEventLog } from './embedded-event-log.js';

eventLogContract('The embedded log', async () => {
  const path = await mkdtemp(join(tmpdir(), 'alperf-log-'));
  const opened: EmbeddedEventLog[] = [];
  return {
    async open() {
      const log = await EmbeddedEventLog.open({ path, clock: new SystemClock(), random: Math.random, handOverMs: 200 });
      opened.push(log);
      return log;
    },
    forgetCommits: (_log, topic, group) => opened.at(-1)!.forgetGroup(topic, group),
    maxValueBytes: 4 * 2 ** 20,
    timeoutMs: 10_000,
    dispose: () => rm(path, { recursive: true }),
  };
});
