import { LOAD_OUTCOMES, LOAD_PRIORITIES, LOAD_SOURCES, LOAD_TRIGGERS } from '#libs/contracts';
import type { Metric } from '../metric.js';
import { counter, counterBy, dimension, EMITTER_LABELS, FROM_NS, histogram, type Family } from './entries.js';

const loads: Family = {
  group: 'loads',
  in: 'loads',
  labels: [
    EMITTER_LABELS.service,
    dimension('resource', 'What was loaded: document, page, cover, search and the like.'),
    dimension('source', 'Where the bytes came from.', LOAD_SOURCES),
    dimension('priority', 'The class of priority when it started.', LOAD_PRIORITIES),
    dimension('trigger', 'What asked for it.', LOAD_TRIGGERS),
    dimension('outcome', 'How it ended.', LOAD_OUTCOMES),
    EMITTER_LABELS.version,
    EMITTER_LABELS.platform,
  ],
};

const metric = (name: string, help: string) => ({ name, help });

/** What every load that ended counts for. */
export const LOAD_METRICS: readonly Metric[] = [
  counter(loads, metric('loads_total', 'Loads that ended, well or not.'), 'loads'),
  histogram(loads, metric('load_duration_seconds', 'How long loads took, from start to end.'), 'total', FROM_NS),
  histogram(loads, metric('load_queue_duration_seconds', 'How long loads waited in the queue.'), 'queued', FROM_NS),
  histogram(
    loads,
    metric('load_first_byte_seconds', 'How long it took from the start of a load to its first byte, where one came.'),
    'first_byte',
    FROM_NS,
  ),
  counter(loads, metric('load_bytes_total', 'Bytes that loads received.'), 'bytes'),
  counter(
    loads,
    metric('load_attempts_total', 'Attempts that loads made; what was tried has at least one.'),
    'attempts',
  ),
  counter(loads, metric('load_stalls_total', 'How often loads stalled.'), 'stalls'),
  counter(loads, metric('load_stalled_seconds_total', 'How long loads stalled in all.'), 'stalled_ns', FROM_NS),
  counterBy(
    loads,
    metric('load_prefetches_total', 'Prefetches of which it is known whether they were used.'),
    { name: 'used', help: 'Whether what was loaded ahead was used.' },
    { true: 'prefetch_used', false: 'prefetch_wasted' },
  ),
];
