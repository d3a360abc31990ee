// CPU of the collector on a real Kafka broker and, run by run in turn, of the OpenTelemetry Collector on the same one.
// Options: --runs 5 --events 500000 --connections 16 --peer PATH (docs/adr/0003-kafka-client.md) --profile DIRECTORY
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SystemClock } from '#libs/time';
import { KafkaEventLog } from '#libs/event-log/kafka';
import { startKafka } from '#test/support';
import type { LoadDone, LoadOrder } from './collector/load.js';
import { startPeer } from './collector/peer.js';
import { cpuSeconds, median, residentMiB, round, send, startCollector } from './collector/processes.js';

const EVENTS_PER_BATCH = 500;
const PEER_TOPIC = 'otlp_logs';
const PARTITIONS = 12;
const here = dirname(fileURLToPath(import.meta.url));

interface Contender {
  readonly format: LoadOrder['format'];
  readonly process: ChildProcess;
  readonly port: number;
  readonly runs: { cpuSecondsPerMillion: number; eventsPerSecond: number; done: LoadDone }[];
}

export async function run({ args }: { args: readonly string[] }): Promise<object> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: 'string', default: '5' },
      events: { type: 'string', default: '500000' },
      connections: { type: 'string', default: '16' },
      peer: { type: 'string' },
      profile: { type: 'string' },
    },
  });
  const folder = mkdtempSync(join(tmpdir(), 'alperf-bench-'));
  const kafka = await startKafka();
  const contenders: Contender[] = [];
  const load = fork(join(here, 'collector', 'load.js'), [], { execArgv: [] });
  try {
    const { profile } = values;
    const ours = await startCollector(folder, { log: 'kafka', brokers: kafka.brokers.join(','), profile });
    contenders.push({ format: 'batches', ...ours, runs: [] });
    if (values.peer !== undefined) {
      await createTopic(kafka.brokers);
      contenders.push({
        format: 'otlp',
        ...(await startPeer(values.peer, folder, kafka.brokers, PEER_TOPIC)),
        runs: [],
      });
    }
    const batches = Math.ceil(Number(values.events) / EVENTS_PER_BATCH);
    const order = { batches, connections: Number(values.connections), eventsPerBatch: EVENTS_PER_BATCH };
    // Warm: the first half million events run in the interpreter in part.
    for (const { format, port } of contenders) await send(load, { ...order, format, port });
    for (let i = 0; i < Number(values.runs); i++)
      for (const contender of contenders) await measure(load, contender, order);
    const [own, peer] = contenders.map(summary);
    if (peer === undefined) return { collector: own };
    const ratios = contenders[0]!.runs.map(
      (one, i) => one.cpuSecondsPerMillion / contenders[1]!.runs[i]!.cpuSecondsPerMillion,
    );
    return { collector: own, peer, ratios: ratios.map(round), ratio: round(median(ratios)) };
  } finally {
    if (load.connected) load.disconnect();
    for (const { process } of contenders) {
      if (process.exitCode !== null || process.signalCode !== null) continue;
      process.kill('SIGTERM');
      await once(process, 'exit');
    }
    await kafka.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(
  load: ChildProcess,
  { process, format, port, runs }: Contender,
  order: Omit<LoadOrder, 'format' | 'port'>,
): Promise<void> {
  const before = cpuSeconds(process.pid!);
  const done = await send(load, { ...order, format, port });
  const cpu = cpuSeconds(process.pid!) - before;
  const expected = order.batches * EVENTS_PER_BATCH;
  if (done.accepted !== expected) throw new Error(`${done.accepted} of ${expected} events were accepted`);
  runs.push({
    cpuSecondsPerMillion: (cpu / done.accepted) * 1e6,
    eventsPerSecond: done.accepted / (done.elapsedMs / 1_000),
    done,
  });
}

function summary({ process, runs }: Contender): object {
  const { bytesPerEvent, wireBytesPerEvent } = runs[0]!.done;
  return {
    cpuSecondsPerMillion: round(median(runs.map((one) => one.cpuSecondsPerMillion))),
    eventsPerSecond: Math.round(median(runs.map((one) => one.eventsPerSecond))),
    runs: runs.map((one) => round(one.cpuSecondsPerMillion)),
    eventsPerBatch: EVENTS_PER_BATCH,
    bytesPerEvent,
    wireBytesPerEvent,
    rssMiB: residentMiB(process.pid!),
  };
}

/** With the settings that our own topic has. */
async function createTopic(brokers: string[]): Promise<void> {
  const log = await KafkaEventLog.open({ brokers, clientId: 'bench', clock: new SystemClock(), random: Math.random });
  await log.ensureTopic(PEER_TOPIC, { partitions: PARTITIONS });
  await log.close();
}
