import { afterEach, beforeEach, describe, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandStatus, ControlOperation } from '#libs/contracts';
import { anInstance as listeningInstance, until, type InstanceOptions } from './testing/an-instance.js';
import { ask } from './testing/ask.js';
import { RunningControl, type RunningControlOptions } from './testing/running-control.js';

let folder: string;
const open: { close(): Promise<unknown> }[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'alperf-control-'));
});

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: RunningControlOptions = {}): Promise<RunningControl> {
  const running = await RunningControl.start(folder, options);
  open.push({ close: () => running.stop() });
  return running;
}

function anInstance(url: string, options?: InstanceOptions) {
  const listening = listeningInstance(url, options);
  open.push({ close: () => listening.client.close() });
  return listening;
}

const SERVICE = '/v1/control/services/reader';

function command(url: string, operation: ControlOperation, more: object = {}, waitMs = 0) {
  const body = { cache: 'pages', operation, ...more };
  return ask<CommandStatus>(`${url}${SERVICE}/commands?waitMs=${waitMs}`, 'POST', body);
}

const statusOf = async (url: string, id: string) => (await ask<CommandStatus>(`${url}${SERVICE}/commands/${id}`)).json;

describe('Answers to a command', () => {
  it('are kept by an API process that was not told of the command yet', async () => {
    const [a, b] = [await start(), await start()];
    const { client, target } = anInstance(a.url, { reportTo: b.url });
    await until('listens', () => client.revision !== undefined);
    for (let given = 1; given <= 5; given++) {
      const { json } = await command(a.url, { do: 'clear' });
      await until(`command ${given} is done`, () => target.ran.length === given);
      await until(`command ${given} is answered`, async () => (await statusOf(a.url, json.id)).answers.length === 1);
    }
  }, 60_000);
});
