import 'reflect-metadata';
import { beginProgram, clickHouseLogin, runProgram } from '#libs/operations';
import { openClickHouse, openKafkaLog } from '#libs/operations/distributed';
import { createProgramHost, guardHost, httpAdapter } from '#libs/operations/nest';
import { AggregatorModule, consumeWithAggregator } from './aggregator.module.js';
import { aggregatorConfig, aggregatorProgramSettings } from './config.js';

await runProgram(process, async () => {
  const program = beginProgram('aggregator', aggregatorProgramSettings, process);
  const { values, log } = program;
  const login = clickHouseLogin(values);
  const retentionMs = values.logRetentionHours * 3_600_000;
  const eventLog = await openKafkaLog(program, Math.random, { retentionMs });
  const clickhouse = await openClickHouse(login, program);

  const adapter = httpAdapter({ maxConnections: 100 });
  guardHost(adapter, values);
  const host = await createProgramHost(program, {
    adapter,
    modules: [AggregatorModule.register({ config: aggregatorConfig(values), eventLog, clickhouse })],
  });
  consumeWithAggregator(host.app, eventLog, log);
  const port = await host.listen(values);
  log.info('Aggregator consumes.', { bind: values.bind, port });
  return program;
});
