import { randomUUID } from 'node:crypto';
import { Aggregator } from '#apps/aggregator';
import type { ClickHouse } from '#libs/clickhouse';
import { AGGREGATOR_GROUP, EVENTS_TOPIC } from '#libs/contracts';
import type { Consumption, EventLog } from '#libs/event-log';
import { Metrics, SilentLogger } from '#libs/operations';
import type { Clock } from '#libs/time';
import { QUICK_AGGREGATOR } from './timing.js';

/** The newest finding of each scope, added up: events and buckets compared, and those that are too few or too many. */
export interface Audited {
  readonly checked: number;
  readonly lost: number;
  readonly duplicated: number;
}

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

  /** What one round of the audit finds wrong, over all scopes. */
  async audited(clickhouse: ClickHouse): Promise<Audited> {
    await this.aggregator.audit();
    const rows = await clickhouse.query<Record<keyof Audited, string | number>>(
      `SELECT sum(f.c) AS checked, sum(f.l) AS lost, sum(f.d) AS duplicated
       FROM (SELECT argMax(checked, time) AS c, argMax(lost, time) AS l, argMax(duplicated, time) AS d FROM audit GROUP BY scope) AS f`,
    );
    const { checked, lost, duplicated } = rows[0]!;
    return { checked: Number(checked), lost: Number(lost), duplicated: Number(duplicated) };
  }

  async stop(): Promise<void> {
    await this.consumption.close();
    await this.aggregator.stop();
  }
}
