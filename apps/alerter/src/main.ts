import 'reflect-metadata';
import { ClickHouseRowReader } from '#libs/clickhouse';
import { beginProgram, clickHouseLogin, runProgram } from '#libs/operations';
import { openClickHouse, openKafkaLog, openKafkaState } from '#libs/operations/distributed';
import { createProgramHost, openHttpDoor } from '#libs/operations/nest';
import { AlerterModule } from './alerter.module.js';
import { alerterConfig, alerterProgramSettings } from './config.js';

/** Below the time after which another alerter takes over. */
const STATE_TIMEOUT_MS = 5_000;

await runProgram(process, async () => {
  const program = beginProgram('alerter', alerterProgramSettings, process);
  const { values, log } = program;
  const login = clickHouseLogin(values);
  const { adapter, access } = await openHttpDoor(values, program, { maxConnections: 100 });
  const eventLog = await openKafkaLog(program, Math.random);
  const state = await openKafkaState(program, Math.random, { timeoutMs: STATE_TIMEOUT_MS });
  const rows = new ClickHouseRowReader(await openClickHouse(login, program));

  const host = await createProgramHost(program, {
    adapter,
    modules: [AlerterModule.register({ config: alerterConfig(values), access, eventLog, rows, state })],
  });
  const port = await host.listen(values);
  log.info('Alerter listens.', { bind: values.bind, port, keys: access.needsKey });
  return program;
});
