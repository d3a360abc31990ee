// An aggregator as a process of its own, that kills or suspends itself at the point it is told. It waits for its plan, loaded
// and idle, and ends with its parent, too.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Aggregator } from '#apps/aggregator';
import { ClickHouse, type ClickHouseOptions } from '#libs/clickhouse';
import { AGGREGATOR_GROUP, EVENTS_TOPIC } from '#libs/contracts';
import type { EventLog, RecordBatch } from '#libs/event-log';
import { EmbeddedEventLog } from '#libs/event-log/embedded';
import { KafkaEventLog } from '#libs/event-log/kafka';
import { Metrics, SilentLogger } from '#libs/operations';
import { SystemClock } from '#libs/time';
import { QUICK_AGGREGATOR, SESSION_MS } from '../timing.js';
import type { ChildPlan, ChildSays } from './plan.js';
import { die, KillSwitch } from './kill-switch.js';

process.on('disconnect', () => process.exit(0));
const [plan] = (await once(process, 'message')) as [ChildPlan];
const clock = new SystemClock();
const killSwitch = new KillSwitch(plan.kill ?? plan.suspend, clock, plan.kill === undefined ? suspend : die);

/** ClickHouse whose writes pass the switch. */
class Killing extends ClickHouse {
  constructor(options: ClickHouseOptions) {
    super(options);
  }

  override insertBytes(table: string, columnList: string, bytes: Uint8Array): Promise<void> {
    const step =
      table === 'batches' || table === 'marks' || table === 'progress'
        ? table
        : // Kept beside the counting, and at any time: retention's clock and the audit's findings.
          table === 'dead_letters' || table === 'meta' || table === 'audit'
          ? undefined
          : 'rows';
    const write = () => super.insertBytes(table, columnList, bytes);
    return step === undefined || bytes.length === 0 ? write() : killSwitch.around(step, write);
  }

  override command(sql: string): Promise<void> {
    const write = () => super.command(sql);
    return sql.startsWith('INSERT INTO') ? killSwitch.around('recount', write) : write();
  }
}

const log: EventLog =
  plan.log.kind === 'embedded'
    ? await EmbeddedEventLog.open({ path: plan.log.path, clock, random: Math.random })
    : await KafkaEventLog.open({
        brokers: plan.log.brokers,
        clientId: 'aggregates',
        clock,
        random: Math.random,
        sessionTimeoutMs: SESSION_MS,
      });
const aggregator = new Aggregator(QUICK_AGGREGATOR, {
  clickhouse: new Killing(plan.engine),
  clock,
  log: new SilentLogger(),
  metrics: new Metrics(),
  newTouch: randomUUID,
  eventLog: log,
});
aggregator.start();
await log.consume({
  topic: EVENTS_TOPIC,
  group: AGGREGATOR_GROUP,
  maxBatchRecords: 2,
  onAssigned: (_topic, partition, committed) => aggregator.assigned(partition, committed),
  onRevoked: async (_topic, partition) => aggregator.revoked(partition),
  onBatch: (batch) => aggregator.handle(committing(batch)),
});
await say({ said: 'consuming' });

function committing(batch: RecordBatch): RecordBatch {
  return {
    ...batch,
    commit: (offset, metadata) =>
      killSwitch.around('commit', async () => {
        try {
          await batch.commit(offset, metadata);
        } catch (error) {
          await say({ said: 'refused', code: (error as { code?: string }).code ?? String(error) });
          throw error;
        }
      }),
  };
}

/** Resolves when the parent has been told. */
function say(what: ChildSays): Promise<void> {
  return new Promise((resolve) => process.send!(what, undefined, undefined, () => resolve()));
}

async function suspend(): Promise<void> {
  await say({ said: 'suspending' });
  process.kill(process.pid, 'SIGSTOP');
  // The signal may take a moment: nothing of this process gets out meanwhile. After the wake this time is long over.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  await say({ said: 'woken' });
}
