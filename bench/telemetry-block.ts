// How long telemetry holds its host's event loop, in CPU time. Options: --seconds 10 --runs 5 --per-ms 40
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { RecordingCollector, type Turns } from '#libs/telemetry/testing';

const here = dirname(fileURLToPath(import.meta.url));

type Kind = 'host' | 'telemetry' | 'spool';

interface Run {
  readonly blockP50Ms: number;
  readonly blockP99Ms: number;
  readonly blockMaxMs: number;
  readonly over2MsShare: number;
  readonly collectingMaxMs: number;
  readonly events: number;
}

/**
 * A busy host alone, with telemetry, and with telemetry and a spool, in turn; medians over the runs. `block…` are turns of
 * the event loop without a collection of garbage, in CPU time of the thread, so that other programs do not count;
 * `collectingMaxMs` is the most of a turn with one. The host alone says what of it is not telemetry's.
 */
export async function run({ args }: { args: readonly string[] }): Promise<object> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '10' },
      runs: { type: 'string', default: '5' },
      'per-ms': { type: 'string', default: '40' },
    },
  });
  const runs: Record<Kind, Run[]> = { host: [], telemetry: [], spool: [] };
  for (let i = 0; i < Number(values.runs); i++)
    for (const kind of Object.keys(runs) as Kind[])
      runs[kind].push(await measure(kind, values.seconds, values['per-ms']));
  return {
    ...medians(runs.telemetry),
    withSpool: medians(runs.spool),
    hostAlone: medians(runs.host),
    aimBlockMs: 2,
    seconds: Number(values.seconds),
    perMs: Number(values['per-ms']),
    runs: Number(values.runs),
  };
}

async function measure(kind: Kind, seconds: string, perMs: string): Promise<Run> {
  const collector = await RecordingCollector.start();
  const spool = mkdtempSync(join(tmpdir(), 'alperf-bench-spool-'));
  try {
    const child = fork(
      join(here, 'telemetry-block', 'host.js'),
      [kind === 'host' ? '' : collector.endpoint, seconds, perMs, kind === 'spool' ? spool : ''],
      { execArgv: [] },
    );
    const told: (Turns & { events: number; all: boolean })[] = [];
    child.once('message', (message) => told.push(message as (typeof told)[number]));
    const [[code]] = (await Promise.all([once(child, 'exit'), once(child, 'disconnect')])) as [
      [number | null],
      unknown,
    ];
    const [turns] = told;
    if (code !== 0 || turns === undefined) throw new Error(`the host ended with ${code} and told nothing`);
    if (!turns.all) throw new Error('not all events of the host were acknowledged');
    const at = (share: number) => turns.undisturbed[Math.floor(share * (turns.undisturbed.length - 1))] ?? 0;
    return {
      blockP50Ms: at(0.5),
      blockP99Ms: at(0.99),
      blockMaxMs: at(1),
      over2MsShare: turns.undisturbed.filter((ms) => ms > 2).length / turns.undisturbed.length,
      collectingMaxMs: turns.collecting.at(-1) ?? 0,
      events: turns.events,
    };
  } finally {
    await collector.stop();
    rmSync(spool, { recursive: true, force: true });
  }
}

function medians(runs: readonly Run[]): Run {
  const of = (name: keyof Run) => {
    const sorted = runs.map((run) => run[name]).sort((a, b) => a - b);
    return Math.round(sorted[sorted.length >> 1]! * 10_000) / 10_000;
  };
  return {
    blockP50Ms: of('blockP50Ms'),
    blockP99Ms: of('blockP99Ms'),
    blockMaxMs: of('blockMaxMs'),
    over2MsShare: of('over2MsShare'),
    collectingMaxMs: of('collectingMaxMs'),
    events: of('events'),
  };
}
