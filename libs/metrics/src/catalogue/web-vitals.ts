import type { Metric, MetricLabel } from '../metric.js';
import { unitOfName } from '../names.js';
import { EMITTER_LABELS } from './entries.js';

/** The conventional labels of a page's metrics; a page may send others that the collector lets in. */
const LABELS: readonly MetricLabel[] = [
  EMITTER_LABELS.service,
  EMITTER_LABELS.version,
  EMITTER_LABELS.platform,
  { name: 'page', help: 'The kind of page or its route, never a full address.', from: { kind: 'event' } },
  {
    name: 'rating',
    help: 'How the value is rated by the thresholds of Web Vitals.',
    from: { kind: 'event' },
    values: ['good', 'needs-improvement', 'poor'],
  },
  {
    name: 'navigation',
    help: 'How the page was come to: navigate, reload, back-forward, prerender and the like.',
    from: { kind: 'event' },
  },
];

const vital = (name: string, help: string): Metric => ({
  name,
  help,
  unit: unitOfName(name),
  kind: 'histogram',
  group: 'web vitals',
  labels: LABELS,
  temporalities: ['delta'],
  stored: { in: 'metrics' },
  buckets: 'native',
});

/** What pages send of how they feel, as events of the kind `metric` and the type `histogram`, in the unit of the name. */
export const WEB_VITALS: readonly Metric[] = [
  vital('web_vitals_lcp_seconds', 'Largest Contentful Paint: when the largest thing in view was there.'),
  vital('web_vitals_inp_seconds', 'Interaction to Next Paint: how long the page took to show what came of an input.'),
  vital('web_vitals_cls', 'Cumulative Layout Shift: how much what was in view moved unasked, a score without a unit.'),
  vital('web_vitals_fcp_seconds', 'First Contentful Paint: when the first thing was there.'),
  vital('web_vitals_ttfb_seconds', 'Time To First Byte: when the first byte of the page came.'),
];
