import type { TrafficTotals } from './traffic.js';

/** What two runs of traffic add up to. Pure. */
export function sumTotals(one: TrafficTotals, other: TrafficTotals): TrafficTotals {
  return {
    events: one.events + other.events,
    batches: one.batches + other.batches,
    cache: sumOf(one.cache, other.cache),
    loads: sumOf(one.loads, other.loads),
    metrics: sumOf(one.metrics, other.metrics),
  };
}

function sumOf<Part extends Record<keyof Part, number>>(one: Part, other: Part): Part {
  const sum = { ...one };
  for (const name of Object.keys(one) as (keyof Part)[]) sum[name] = (one[name] + other[name]) as Part[keyof Part];
  return sum;
}
