import { randomUUID } from 'node:crypto';
import { Aggregator } from '#apps/aggregator';
import type { ClickHouse } from '#libs/clickhouse';
import { AGGREGATOR_GROUP, EVENTS_TOPIC } from '#libs/contracts';
import type { Consumption, EventLog } from '#libs/event-log';
import { Metrics, SilentLogger } from '#libs/operations';
import type { Clock } from '#libs/time';
import { expectAudited } from '#test/support';
import { until } from '../support/processes.js';
import { QUICK_AGGREGATOR } from './timing.js';

/** An aggregator in this process. */
export class AggregatorHere {
  private constructor(
    private readonly aggregator: Aggregator,
    private readonly consumption: Consumption,
  ) {}

  static async start(log: EventLog, clickhouse: ClickHouse, clock: Clock): Promise<AggregatorHere> {
    const aggregator = new Aggregator(QUICK_AGGREGATOR, {
      clickhouse,
      clock,
      log: new SilentLogger(),
      metrics: new Metrics(),
      newTouch: randomUUID,
      eventLog: log,
    });
    aggregator.start();
    const consumption = await log.consume({
      topic: EVENTS_TOPIC,
      group: AGGREGATOR_GROUP,
      onAssigned: (_topic, partition, committed) => aggregator.assigned(partition, committed),
      onRevoked: async (_topic, partition) => aggregator.revoked(partition),
      onBatch: (batch) => aggregator.handle(batch),
    });
    return new AggregatorHere(aggregator, consumption);
  }

  /** Partitions that it has now. */
  get partitions(): number {
    return this.aggregator.partitions.length;
  }

  /** One round of the audit, once it has all partitions. @throws Error unless nothing is lost and nothing doubled. */
  async expectAudited(clickhouse: ClickHouse): Promise<void> {
    await until(
      () => this.partitions === QUICK_AGGREGATOR.partitions,
      30_000,
      () => `this aggregator has all ${QUICK_AGGREGATOR.partitions} partitions, not ${this.partitions}`,
    );
    await expectAudited(this.aggregator, clickhouse);
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    await this.consumption.close();
    await this.aggregator.stop();
  }
}
