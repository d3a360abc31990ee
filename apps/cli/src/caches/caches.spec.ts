import { describe, expect, it } from '@jest/globals';
import type { InstancesAnswer, SettingsEntry } from '#libs/contracts';
import { bytesText, timeText } from '../command/figures.js';
import type { ControlReading } from './control.js';
import type { TierFigures } from './figures.js';
import { renderCache } from './render-cache.js';
import { LINE_WIDTH, renderCaches } from './render-caches.js';
import { cacheViews, settingsOf } from './view.js';

const NOW = 1_800_000_000_000;
const NONE = { services: new Map(), unknown: undefined } satisfies ControlReading;
const [A, B] = ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b'];

function figures(cache: string, tier: string, counts: Partial<TierFigures['counts']>): TierFigures {
  return {
    service: 'reader',
    cache,
    tier,
    counts: {
      hits: 0,
      stale_hits: 0,
      negative_hits: 0,
      misses: 0,
      errors: 0,
      loads: 0,
      load_errors: 0,
      writes: 0,
      evicted: 0,
      expired: 0,
      invalidated: 0,
      replaced: 0,
      rejected: 0,
      cleared: 0,
      ...counts,
    },
    gauges: { entries: 1_234, bytes: 5_000_000, max_entries: null, max_bytes: 67_108_864 },
    instances: 2,
    from: NOW - 100_000,
    to: NOW,
  };
}

const TWO_TIERS = [
  figures('pages', 'disk', { hits: 30, misses: 10, expired: 2 }),
  figures('pages', 'memory', { hits: 50, stale_hits: 5, negative_hits: 5, misses: 40, evicted: 3 }),
];

function instance(id: string, acknowledged: number, more: object = {}, connected = true) {
  const settings = { policy: 'lru', 'memory.maxBytes': 67_108_864 };
  const bounds = { tiers: { memory: { minBytes: 1_000, maxBytes: 100_000_000 } }, maxTtlMs: 60_000 };
  const description = { cache: 'pages', tiers: [{ tier: 'memory' }, { tier: 'disk' }], settings, bounds };
  return { instance: id, connected, desired: 7, acknowledged, at: NOW, caches: [{ description, ...more }] };
}

const entry = (selector: string, maxBytes: number, revision: number): SettingsEntry => ({
  cache: 'pages',
  selector,
  settings: { tiers: { memory: { maxBytes } } },
  revision,
  at: NOW,
  by: { role: 'operator', key: 'local' },
});

function controlled(
  instances: InstancesAnswer['instances'],
  settings: SettingsEntry[] = [entry('all', 50_000_000, 7)],
  on = true,
): ControlReading {
  return { services: new Map([['reader', { service: 'reader', settings, instances, on }]]), unknown: undefined };
}

describe('Caches, out of what the database and the control channel tell', () => {
  it('are whole by the nearest tier: its requests, and the answers of any', () => {
    expect(cacheViews(TWO_TIERS, NONE, NOW)).toMatchObject([
      {
        requests: 100,
        requestsPerSecond: 1,
        hitRatio: 0.9,
        standing: null,
        tiers: [
          { tier: 'memory', hitRatio: 0.6 },
          { tier: 'disk', hitRatio: 0.75 },
        ],
      },
    ]);
  });

  it('are there also when nobody asks them, or nobody has them', () => {
    const views = cacheViews([], controlled([instance(A, 7)], [{ ...entry('all', 1, 3), cache: 'covers' }]), NOW);
    expect(views.map(({ cache, standing, requests }) => [cache, standing?.connected, requests])).toEqual([
      ['covers', 0, 0],
      ['pages', 1, 0],
    ]);
    expect(renderCaches(views, undefined)).toMatch(/reader\/covers +- .*\n.*\n.*revision 3 desired, nobody listens/);
  });

  it.each([
    ['settings of the host', controlled([instance(A, 7)], [])],
    ['revision 7 in force', controlled([instance(A, 7), instance(B, 9), instance(B, 1, {}, false)])],
    ['revision 7 in force in 1 of 2', controlled([instance(A, 7), instance(B, 6)])],
    [
      'revision 7 refused by 1 of 2 (bounds)',
      controlled([instance(A, 7), instance(B, 7, { refused: 'bounds', reason: 'too much' })]),
    ],
    ['revision 7 in force; switched off', controlled([instance(A, 7)], undefined, false)],
  ])('say: %s', (words, control) => {
    const text = renderCaches(cacheViews(TWO_TIERS, control, NOW), undefined);
    expect(text.split('\n').some((line) => line.endsWith(`connected; ${words}`))).toBe(true);
  });

  it('fit a line of 100 columns, with the longest names and the greatest numbers; only what was changed is whole', () => {
    const cache = 'c'.repeat(64);
    const large = figures(cache, 'memory', { hits: 9e12, misses: 9e12, evicted: 9e12, expired: 9e12, cleared: 9e12 });
    const views = cacheViews(
      [{ ...large, gauges: { entries: 9e9, max_entries: 9e9, bytes: 9e14, max_bytes: 9e14 } }],
      NONE,
      NOW,
    );
    const shown = {
      ...views[0]!,
      details: [],
      settings: [],
      changes: [
        {
          time: '2026-11-24T10:00:00.000Z',
          change: 'settings',
          by: 'operator',
          tier: '',
          revision: 9e12,
          settings: Object.fromEntries(['a', 'b', 'c'].map((k) => [k.repeat(40), k])),
          entries: 1,
          bytes: 1,
          instances: 1_000,
        },
      ],
    };
    const [change, ...others] = renderCache(shown, undefined).split('\n').reverse();
    for (const lines of [renderCaches(views, undefined).split('\n'), others])
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(LINE_WIDTH);
    for (const whole of ['a=a', 'b=b', 'c=c', '1 entry', 'in 1,000 instances']) expect(change).toContain(whole);
  });

  it('have settings by instance: all selectors over one another, beside what is in force and may be', () => {
    const control = controlled([instance(A, 7), instance(B, 7)], [entry('all', 50, 7), entry(`instance:${B}`, 60, 6)]);
    expect(settingsOf(control.services.get('reader'), 'pages')).toEqual([
      expect.objectContaining({
        desired: { 'memory.maxBytes': 50 },
        inForce: { policy: 'lru', 'memory.maxBytes': 67_108_864 },
        bounds: { 'memory.maxBytes': 'from 1000 to 100000000', ttlMs: 'to 60000' },
      }),
      expect.objectContaining({ desired: { 'memory.maxBytes': 60 } }),
    ]);
  });

  it('are shown one by one with counts, times and changes', () => {
    const control = controlled([instance(A, 7)]);
    const [view] = cacheViews(TWO_TIERS, control, NOW);
    const spread = { count: 10, mean: 1_500, p50: 1_000, p99: 2e6 };
    const none = { count: 0, mean: null, p50: null, p99: null };
    const text = renderCache(
      {
        ...view!,
        settings: settingsOf(control.services.get('reader'), 'pages'),
        details: [
          {
            tier: 'memory',
            spreads: { get: spread, load: none, age_at_hit: { ...spread, p99: 120_000 } },
            ghostHits: 12,
            costSavedNs: 3e9,
            refreshesChanged: 0,
            refreshesUnchanged: 0,
          },
        ],
        changes: [
          {
            time: '2026-11-24T10:00:00.000Z',
            change: 'settings',
            by: 'operator',
            tier: '',
            revision: 7,
            settings: { 'memory.maxBytes': '50', policy: 'arc' },
            entries: null,
            bytes: null,
            instances: 3,
          },
          {
            time: '2026-11-24T09:00:00.000Z',
            change: 'settings',
            by: 'operator',
            tier: '',
            revision: 6,
            settings: { 'memory.maxBytes': '50', policy: 'lru' },
            entries: null,
            bytes: null,
            instances: 1,
          },
        ],
      },
      'a reason',
    );
    expect(text).toContain('reader/pages: 100 requests, 1/s, 90.0 % answered from the cache');
    expect(text).toMatch(/\nhit ratio +60\.0 % +75\.0 %\n/);
    expect(text).toMatch(/\nhits with 2 × the size +\+ 12 +-\n/);
    expect(text).toMatch(/\nget +memory +10 +1\.5 µs +1 µs +2 ms\n/);
    expect(text).toMatch(/\nage at hit .* 2 min\n/);
    expect(text).not.toMatch(/\nload +memory/);
    expect(text).toMatch(/\nmemory\.maxBytes +67108864 +50000000 +from 1000 to 100000000\n/);
    expect(text).toContain(
      '2026-11-24T10:00:00Z  settings by operator  revision 7  policy=arc (was lru)  in 3 instances',
    );
    // All settings in force come with each change: of the first that is known, nobody knows what was before.
    expect(text).toContain('2026-11-24T09:00:00Z  settings by operator  revision 6  memory.maxBytes=50  policy=lru');
    expect(text).toContain('Settings and connections are not known: a reason.');
  });
});

describe('Figures for people', () => {
  it.each([
    [0, '0 B', '0 ns'],
    [999, '999 B', '999 ns'],
    [1_023, '1,023 B', '1.02 µs'],
    [1_048_500, '1 MiB', '1.05 ms'],
    [5e9, '4.66 GiB', '5 s'],
    [9e13, '81.9 TiB', '1.04 d'],
  ])('write %d as %s and %s', (value, bytes, time) => {
    expect([bytesText(value), timeText(value)]).toEqual([bytes, time]);
  });
});
