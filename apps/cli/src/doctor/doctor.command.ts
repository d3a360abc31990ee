import { resolve } from 'node:path';
import type { Answer, Command, Host, Invocation } from '../command/command.js';
import { EXIT } from '../command/exit-codes.js';
import { PROGRAMS } from '../config/known-settings.js';
import { Server, SERVER_OPTIONS } from '../http/server.js';
import { directoryHolder } from '#libs/operations';
import { renderChecks, skipped, type Check } from './check.js';
import { lockCheck, nodeCheck, portCheck, spaceCheck, writableCheck } from './local-checks.js';
import { serverChecks } from './server-checks.js';
import { settingsCheck, type KnownValues } from './settings-check.js';

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'Check settings, disk, ports, clock, connections and alerts; say what to do about each fault.',
  description: 'Exit code 1 when something is wrong; warnings do not count.',
  arguments: [],
  options: {
    ...SERVER_OPTIONS,
    offline: { type: 'boolean', help: 'Check this machine only, not the server.' },
  },
  examples: ['doctor', 'doctor --offline', 'doctor --endpoint http://collector:8081 --json'],
  run: doctor,
};

async function doctor(invocation: Invocation, host: Host): Promise<Answer> {
  const checks: Check[] = [nodeCheck(host.nodeVersion)];
  const settings = settingsCheck(host);
  checks.push(settings.check);
  if (settings.values === undefined) checks.push(skipped('server', 'the settings say where it is: correct them first'));
  else {
    const server = new Server(invocation, host);
    const remote = invocation.flag('offline')
      ? []
      : await serverChecks(server, host.clock, PROGRAMS.alerter.httpPort.fallback);
    checks.push(...(await machineChecks(settings.values, host, server, remote)), ...remote);
  }
  const wrong = checks.filter(({ status }) => status === 'failed').length;
  return {
    exitCode: wrong > 0 ? EXIT.failed : EXIT.ok,
    json: { ok: wrong === 0, checks },
    text: `${renderChecks(checks)}\n\n${wrong === 0 ? 'All is well.' : `${wrong} thing${wrong === 1 ? ' is' : 's are'} wrong.`}`,
  };
}

async function machineChecks(
  values: KnownValues,
  { cwd }: Host,
  server: Server,
  remote: readonly Check[],
): Promise<Check[]> {
  const { bind, httpPort, sqlPort } = values;
  const dataDir = resolve(cwd, values.dataDir);
  const answers = (name: string) => remote.some((check) => check.name === name && check.status === 'ok');
  const holder = directoryHolder(dataDir);
  const isHere = (url: string, port: number) => new URL(url).port === String(port);
  return [
    await writableCheck(dataDir),
    await spaceCheck(dataDir),
    lockCheck(holder),
    await portCheck('http port', bind, httpPort, {
      answers: answers('server') && isHere(server.endpoint, httpPort),
      holder,
    }),
    answers('sql')
      ? await portCheck('sql port', bind, sqlPort, { answers: isHere(await server.sqlUrl(), sqlPort), holder })
      : remote.length > 0 && answers('server')
        ? skipped('sql port', 'the server answers, SQL does not: see sql')
        : await portCheck('sql port', bind, sqlPort, { answers: false, holder }),
  ];
}
