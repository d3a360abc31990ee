import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { METRIC_TYPES } from '#libs/contracts';
import { CATALOGUE } from './catalogue/catalogue.js';
import { LiveCatalogue, type SentMetric } from './live-catalogue.js';

const sent = (over: Partial<SentMetric> = {}): SentMetric => ({
  name: 'http_requests_total',
  type: 'counter',
  labels: [],
  ...over,
});
const labelsOf = (catalogue: LiveCatalogue, name: string) => catalogue.find(name)?.labels.map((label) => label.name);
const NOTHING = { metrics: 0, labels: 0, shadowing: 0, invalid: 0, cut: 0 };

function catalogueOf(metrics: readonly SentMetric[], limits = {}): LiveCatalogue {
  const catalogue = new LiveCatalogue(limits);
  for (const one of metrics) catalogue.observe(one);
  return catalogue;
}

describe('A live catalogue', () => {
  it('joins what users send with what there is, after it', () => {
    const catalogue = catalogueOf([
      sent({ labels: ['route', 'method'], help: 'Requests\n served.', unit: '1' }),
      sent({ labels: ['status'] }),
      sent({ name: 'app_duration_seconds', type: 'histogram' }),
    ]);
    expect(catalogue.list().slice(0, CATALOGUE.length)).toEqual(CATALOGUE);
    expect(catalogue.list().slice(CATALOGUE.length)).toEqual([
      expect.objectContaining({ name: 'app_duration_seconds', unit: 'seconds', kind: 'histogram', buckets: 'native' }),
      expect.objectContaining({ name: 'http_requests_total', help: 'Requests served.', unit: '1', kind: 'counter' }),
    ]);
    expect(labelsOf(catalogue, 'http_requests_total')).toEqual([
      'service',
      'version',
      'platform',
      'method',
      'route',
      'status',
    ]);
    expect(catalogue.find('app_duration_seconds_count')?.name).toBe('app_duration_seconds');
    expect(catalogue.find('http_requests_total_count')).toBeUndefined();
    expect(catalogue.nearest('http_request_total')).toContain('http_requests_total');
    expect(catalogue.search('route').map(({ name }) => name)).toContain('http_requests_total');
    expect(catalogue.leftOut).toEqual(NOTHING);
  });

  it.each([
    [['counter'], 'counter', ['delta'], false],
    [['total'], 'counter', ['cumulative'], true],
    [['total', 'counter'], 'counter', ['delta', 'cumulative'], true],
    [['gauge'], 'gauge', ['level'], true],
    [['histogram'], 'histogram', ['delta'], false],
    [['histogram', 'gauge'], 'unknown', ['level', 'delta'], true],
  ] as const)('takes %j for a %s', (types, kind, temporalities, instance) => {
    const catalogue = catalogueOf(types.map((type) => sent({ name: 'mine', type })));
    expect(catalogue.find('mine')).toMatchObject({ kind, temporalities });
    expect(labelsOf(catalogue, 'mine')?.includes('instance')).toBe(instance);
  });

  it.each([
    ['what is stored in columns', sent({ name: 'cache_requests_total' }), 1],
    ['the count of a histogram of ours', sent({ name: 'cache_get_duration_seconds_count', type: 'total' }), 1],
    ['another kind', sent({ name: 'collector_events_total', type: 'gauge' }), 1],
    ['a vital of another type', sent({ name: 'web_vitals_lcp_seconds', type: 'gauge' }), 1],
    ['a vital', sent({ name: 'web_vitals_lcp_seconds', type: 'histogram' }), 0],
    ['what was scraped from us', sent({ name: 'collector_events_total', type: 'total' }), 0],
    ['a bucket that was scraped', sent({ name: 'collector_append_seconds_bucket', type: 'total' }), 0],
  ])('lets no own metric be shadowed: %s', (_, one, shadowing) => {
    const catalogue = catalogueOf([one]);
    expect(catalogue.list()).toEqual(CATALOGUE);
    expect(catalogue.leftOut).toEqual({ ...NOTHING, shadowing });
  });

  it('lets the latest help stand, whenever it comes', () => {
    const [old, later] = [sent({ help: 'Old.', saidAtMs: 1 }), sent({ help: 'Later.', saidAtMs: 2 })];
    expect(catalogueOf([old, later, sent()]).find('http_requests_total')?.help).toBe('Later.');
    expect(catalogueOf([later, old]).find('http_requests_total')?.help).toBe('Later.');
  });

  it('cuts what is too long, and parts no pair of surrogates', () => {
    const catalogue = catalogueOf([sent({ help: `${'x'.repeat(8)}😀 and more`, unit: 'u'.repeat(99) })], {
      maxHelpLength: 10,
      maxUnitLength: 3,
    });
    expect(catalogue.find('http_requests_total')).toMatchObject({ help: 'xxxxxxxx…', unit: 'uu…' });
    expect(catalogue.leftOut.cut).toBe(2);
  });

  it('leaves out names that cannot be, and labels that are already there', () => {
    const catalogue = catalogueOf([
      sent({ name: 'a-b' }),
      sent({ name: 'x'.repeat(129) }),
      sent({ name: '__proto__', labels: ['constructor', '__name__', 'a-b', 'service'] }),
    ]);
    expect(catalogue.leftOut).toEqual({ ...NOTHING, invalid: 4 });
    expect(labelsOf(catalogue, '__proto__')).toEqual(['service', 'version', 'platform', 'constructor']);
  });
});

describe('Whatever is sent', () => {
  const name = fc.oneof(
    fc.constantFrom('cache_requests_total', 'web_vitals_cls', 'bad-name', '', 'collector_events_total', '__proto__'),
    fc.string({ unit: fc.constantFrom('a', 'b', '_', ':'), minLength: 1, maxLength: 3 }),
  );
  const anySent: fc.Arbitrary<SentMetric> = fc.record(
    {
      name,
      type: fc.constantFrom(...METRIC_TYPES),
      labels: fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'service', '9', '__x'), { maxLength: 6 }),
      help: fc.string({ unit: 'binary', maxLength: 20 }),
      unit: fc.constantFrom('', 'seconds', 'By', 'kilobytes per hour'),
      saidAtMs: fc.integer({ min: 0, max: 3 }),
    },
    { requiredKeys: ['name', 'type', 'labels'] },
  );
  const limits = { maxMetrics: 5, maxLabels: 2, maxHelpLength: 8, maxUnitLength: 4 };
  const many = fc.array(anySent, { maxLength: 60 });

  it('stays within its bounds, and holds all own metrics as they are', () => {
    fc.assert(
      fc.property(many, (metrics) => {
        const catalogue = catalogueOf(metrics, limits);
        const users = catalogue.list().slice(CATALOGUE.length);
        expect(catalogue.list().slice(0, CATALOGUE.length)).toEqual(CATALOGUE);
        expect(users.length).toBeLessThanOrEqual(5);
        for (const { help, unit, labels } of users) {
          expect(help.length).toBeLessThanOrEqual(8);
          expect(help).not.toMatch(/[\n\r]/);
          expect(unit.length).toBeLessThanOrEqual(7);
          expect(labels.filter(({ from }) => from.kind === 'event').length).toBeLessThanOrEqual(2);
          expect(new Set(labels.map((label) => label.name)).size).toBe(labels.length);
        }
      }),
    );
  });

  it('is the same in any order, and so is what was left out', () => {
    fc.assert(
      fc.property(
        many.chain((metrics) =>
          fc.tuple(
            fc.constant(metrics),
            fc.shuffledSubarray(metrics, { minLength: metrics.length, maxLength: metrics.length }),
          ),
        ),
        ([metrics, shuffled]) => {
          const [one, other] = [catalogueOf(metrics, limits), catalogueOf(shuffled, limits)];
          expect(other.list()).toEqual(one.list());
          expect(other.leftOut).toEqual(one.leftOut);
        },
      ),
    );
  });

  it('loses no observation without counting it', () => {
    fc.assert(
      fc.property(many, (metrics) => {
        const catalogue = catalogueOf(metrics, limits);
        const kept = metrics.filter((one) => catalogue.find(one.name)?.group === 'users').length;
        const own = metrics.filter(({ name }) => CATALOGUE.some((metric) => metric.name === name)).length;
        const invalidNames = metrics.filter(({ name }) => name === '' || name === 'bad-name').length;
        expect(kept + own + invalidNames + catalogue.leftOut.metrics).toBe(metrics.length);
      }),
    );
  });
});
