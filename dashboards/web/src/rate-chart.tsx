import type { PipelineStatus, StatusPoint } from '#libs/contracts';
import { createMemo } from 'solid-js';
import { areaPath, linePath } from './chart.js';
import { axisTop, formatCompact, formatRate, UNKNOWN } from './format.js';

const SIZE = { width: 640, height: 150, inset: 2 };
const SPAN_MS = 120_000;

/** Events per second over the last two minutes. */
export function RateChart(props: { status: PipelineStatus | undefined; points: readonly StatusPoint[] }) {
  const now = () => props.points.at(-1)?.at ?? 0;
  const seen = createMemo(() => props.points.filter(({ at }) => at > now() - SPAN_MS));
  const highest = () => Math.max(0, ...seen().map((one) => Math.max(one.acceptedPerSecond, one.insertedPerSecond)));
  const scale = createMemo(() => ({ now: now(), spanMs: SPAN_MS, top: axisTop(highest()) }));
  const accepted = createMemo(() => linePath(props.points, (one) => one.acceptedPerSecond, scale(), SIZE));
  const inserted = createMemo(() => linePath(props.points, (one) => one.insertedPerSecond, scale(), SIZE));
  return (
    <section class="panel chart" aria-labelledby="rate-title">
      <div class="panel-head">
        <h2 id="rate-title">Events per second</h2>
        <p class="legend">
          <span class="key accepted">
            accepted <b>{formatRate(props.status?.rates?.acceptedPerSecond)}</b>
          </span>
          <span class="key inserted">
            in ClickHouse <b>{formatRate(props.status?.rates?.insertedPerSecond)}</b>
          </span>
        </p>
      </div>
      <div class="plot">
        <span class="axis highest">{props.points.length > 0 ? formatCompact(scale().top) : UNKNOWN}</span>
        <span class="axis lowest">0</span>
        <svg
          viewBox={`0 0 ${SIZE.width} ${SIZE.height}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`Events per second over the last two minutes, at most ${formatRate(highest())}.`}
        >
          <line class="grid" x1="0" x2={SIZE.width} y1="0.5" y2="0.5" />
          <line class="grid" x1="0" x2={SIZE.width} y1={SIZE.height / 2} y2={SIZE.height / 2} />
          <line class="grid base" x1="0" x2={SIZE.width} y1={SIZE.height - 0.5} y2={SIZE.height - 0.5} />
          <path class="area" d={areaPath(accepted(), SIZE)} />
          <path class="line accepted" d={accepted()} />
          <path class="line inserted" d={inserted()} />
        </svg>
      </div>
      <p class="times" aria-hidden="true">
        <span>2 min ago</span>
        <span>1 min</span>
        <span>now</span>
      </p>
    </section>
  );
}
