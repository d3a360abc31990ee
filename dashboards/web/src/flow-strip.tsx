import type { PipelineStatus } from '#libs/contracts';
import { For } from 'solid-js';
import { formatBytes, formatCount, formatRate, UNKNOWN } from './format.js';
import { completeTo } from './status-words.js';

interface Station {
  readonly name: string;
  readonly figure: string;
  readonly unit: string;
  readonly detail: string;
  readonly state: 'ok' | 'behind' | 'failing' | 'unknown';
  /** Whether something goes on from here to the next station. */
  readonly flowing: boolean;
}

/** Behind by more than this many records, the aggregator is worth a look. */
const LAG_WORTH_A_LOOK = 1_000;

/** The path of an event, as it is now: collector, log, aggregator, ClickHouse. */
export function FlowStrip(props: { status: PipelineStatus | undefined; live: boolean }) {
  return (
    <section class="flow" aria-label="The pipeline now">
      <ol>
        <For each={stations(props.status)}>
          {(station) => (
            <li
              data-state={props.live ? station.state : 'unknown'}
              classList={{ flowing: station.flowing && props.live }}
            >
              <span class="name">
                <span class="dot" aria-hidden="true" />
                {station.name}
              </span>
              <span class="figure">
                {station.figure} <span class="unit">{station.unit}</span>
              </span>
              <span class="detail">{station.detail}</span>
            </li>
          )}
        </For>
      </ol>
    </section>
  );
}

/** What each station shows. Pure. */
export function stations(status: PipelineStatus | undefined): Station[] {
  const { rates, log, steps, totals, storage } = status ?? {};
  const lag = log?.lag ?? 0;
  const lagging = lag > LAG_WORTH_A_LOOK;
  const state = (ok: boolean | undefined, behind = false) =>
    ok === undefined ? 'unknown' : !ok ? 'failing' : behind ? 'behind' : 'ok';
  return [
    {
      name: 'Collector',
      figure: formatRate(rates?.acceptedPerSecond),
      unit: 'events/s',
      detail: `${formatRate(rates?.recordsPerSecond)} batches/s`,
      state: state(status === undefined ? undefined : true),
      flowing: (rates?.recordsPerSecond ?? 0) > 0,
    },
    {
      name: 'Log',
      figure: formatCount(log?.lag),
      unit: lag === 1 ? 'record behind' : 'records behind',
      detail: steps?.log.ok === false ? steps.log.detail : `${formatCount(log?.partitions.length)} partitions`,
      state: state(steps?.log.ok),
      flowing: (rates?.insertedPerSecond ?? 0) > 0,
    },
    {
      name: 'Aggregator',
      figure: formatRate(rates?.insertedPerSecond),
      unit: 'events/s',
      detail: status === undefined ? UNKNOWN : completeTo(status),
      state: state(status === undefined ? undefined : true, lagging),
      flowing: (rates?.insertedPerSecond ?? 0) > 0,
    },
    {
      name: 'ClickHouse',
      figure: formatCount(totals?.events),
      unit: totals?.events === 1 ? 'event' : 'events',
      detail:
        steps?.clickhouse.ok === false
          ? steps.clickhouse.detail
          : `${formatCount(storage?.parts)} parts, ${formatBytes(storage?.bytes)}`,
      state: state(steps?.clickhouse.ok),
      flowing: false,
    },
  ];
}
