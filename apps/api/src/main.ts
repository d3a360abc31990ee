import 'reflect-metadata';
import { fileURLToPath } from 'node:url';
import { ClickHouseRowReader } from '#libs/clickhouse';
import { beginProgram, clickHouseLogin, runProgram } from '#libs/operations';
import { openClickHouse, openKafkaLog, openKafkaState } from '#libs/operations/distributed';
import { createProgramHost, openHttpDoor } from '#libs/operations/nest';
import { ApiModule } from './api.module.js';
import { apiProgramSettings } from './config.js';
import { SqlGate } from './sql/sql-gate.js';

/** Longest that somebody who changes settings waits for the brokers, ms. */
const STATE_TIMEOUT_MS = 5_000;

await runProgram(process, async () => {
  const program = beginProgram('api', apiProgramSettings, process);
  const { values, clock, log } = program;
  const { bind, origins } = values;
  const login = clickHouseLogin(values);
  const { adapter, access, inForce } = await openHttpDoor(values, program);
  const eventLog = await openKafkaLog(program, Math.random);
  const state = await openKafkaState(program, Math.random, { timeoutMs: STATE_TIMEOUT_MS });
  const clickhouse = await openClickHouse(login, program);
  const sqlGate = SqlGate.create({
    listen: { host: bind, port: values.sqlPort },
    upstream: login,
    databases: [login.database],
    origins,
    ...inForce,
    clock,
  });

  const host = await createProgramHost(program, {
    adapter,
    modules: [
      ApiModule.register({
        access,
        eventLog,
        state,
        random: Math.random,
        rows: new ClickHouseRowReader(clickhouse),
        sqlGate,
        pageDirectory: fileURLToPath(new URL('../../../dashboards/web', import.meta.url)),
      }),
    ],
  });
  const port = await host.listen(values);
  log.info('API listens.', { bind, port, sqlPort: sqlGate.port, keys: access.needsKey });
  return program;
});
