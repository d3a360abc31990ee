import 'reflect-metadata';
import { join } from 'node:path';
import type { EventLog } from '#libs/event-log';
import { beginProgram, runProgram, type BegunProgram } from '#libs/operations';
import { openKafkaLog } from '#libs/operations/distributed';
import { createProgramHost, openHttpDoor } from '#libs/operations/nest';
import { CollectorModule } from './collector.module.js';
import { checkTogether, collectorConfig, collectorProgramSettings } from './config.js';
import { NoLagCheck, PeriodicLagCheck, type LagCheck } from './publish/lag-check.js';

type Program = BegunProgram<typeof collectorProgramSettings>;

await runProgram(process, async () => {
  const program = beginProgram('collector', collectorProgramSettings, process);
  const { values, log } = program;
  checkTogether(values);
  const { adapter, access } = await openHttpDoor(values, program, { maxConnections: values.maxConnections });
  const retentionMs = values.logRetentionHours * 3_600_000;
  const eventLog =
    values.log === 'kafka'
      ? await openKafkaLog(program, Math.random, { retentionMs })
      : await openEmbeddedLog(program, retentionMs);
  const lagCheck = values.log === 'kafka' ? await startLagCheck(eventLog, program) : new NoLagCheck();

  const host = await createProgramHost(program, {
    adapter,
    modules: [CollectorModule.register({ config: collectorConfig(values), access, eventLog, lagCheck })],
  });
  const port = await host.listen(values);
  log.info('Collector listens.', { bind: values.bind, port, log: values.log, keys: access.needsKey });
  return program;
});

/** Loaded only where it is used: an image for Kafka needs no LMDB. */
async function openEmbeddedLog({ values, clock, shutdown }: Program, maxAgeMs: number): Promise<EventLog> {
  const { EmbeddedEventLog } = await import('#libs/event-log/embedded');
  const path = join(values.dataDir, 'log');
  const eventLog = await EmbeddedEventLog.open({ path, clock, random: Math.random, retention: { maxAgeMs } });
  shutdown.add('close', 'log', () => eventLog.close());
  return eventLog;
}

async function startLagCheck(eventLog: EventLog, { clock, shutdown }: Program): Promise<LagCheck> {
  const lagCheck = new PeriodicLagCheck(eventLog, clock);
  await lagCheck.start();
  shutdown.add('drain', 'lag check', () => lagCheck.close());
  return lagCheck;
}
