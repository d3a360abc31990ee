import type { StatusPoint } from '#libs/contracts';

export interface ChartSize {
  readonly width: number;
  readonly height: number;
  /** Room above the top and below nothing: a line in either place is not cut off. */
  readonly inset: number;
}

/**
 * The path of a line over the last `spanMs`, in the chart's own units, as SVG path data; empty with fewer than two
 * points in view. The line keeps the point before the window, so that it starts at the edge. Pure.
 */
export function linePath(
  points: readonly StatusPoint[],
  value: (point: StatusPoint) => number,
  { now, spanMs, top }: { now: number; spanMs: number; top: number },
  { width, height, inset }: ChartSize,
): string {
  const first = Math.max(0, points.findIndex(({ at }) => at > now - spanMs) - 1);
  const seen = points.length === 0 || points.at(-1)!.at <= now - spanMs ? [] : points.slice(first);
  if (seen.length < 2) return '';
  const coordinates = seen.map((point) => {
    const x = width - ((now - point.at) / spanMs) * width;
    const y = height - inset - (Math.min(value(point), top) / top) * (height - 2 * inset);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  return `M${coordinates.join('L')}`;
}

/** The same line, closed along the bottom. */
export function areaPath(line: string, { height }: ChartSize): string {
  if (line === '') return '';
  const xs = [...line.matchAll(/[ML](-?[\d.]+),/g)].map(([, x]) => x!);
  return `${line}L${xs.at(-1)},${height}L${xs[0]},${height}Z`;
}
