import { describe, expect, it } from '@jest/globals';
import type { InstancesAnswer, SettingsEntry } from '#libs/contracts';
import { bytesText, lengthText, sizeText, timeText } from '../command/figures.js';
import type { ControlReading } from './control.js';
import type { TierFigures } from './figures.js';
import { renderCache } from './render-cache.js';
import { differences, type Change } from './changes.js';
import { renderCaches } from './render-caches.js';
import { requestsOf } from './requests-of.js';
import { cacheViews, settingsOf } from './view.js';
import { fitting } from './watch.js';

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

function pausing(of: ReturnType<typeof instance>) {
  const caches = of.caches.map(({ description, ...more }) => ({
    ...more,
    description: { ...description, settings: { ...description.settings, paused: true } },
  }));
  return { ...of, caches };
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

function aChange(over: Partial<Change>): Change {
  return {
    time: '2026-11-24T10:00:00.000Z',
    change: 'settings',
    by: 'operator',
    tier: '',
    revision: 1,
    settings: {},
    changed: null,
    entries: null,
    bytes: null,
    instances: 1,
    ...over,
  };
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

  it('count what reaches them where some instances lack the nearest tier, or the farthest', () => {
    const both = [
      figures('pages', 'memory', { hits: 50, misses: 50 }),
      figures('pages', 'disk', { hits: 30, misses: 20 }),
    ];
    const plus = (tier: string, hits: number, misses: number) =>
      both.map((one) =>
        one.tier === tier
          ? figures('pages', tier, { hits: one.counts.hits + hits, misses: one.counts.misses + misses })
          : one,
      );
    expect(both.map((one) => [one.tier, requestsOf([one])])).toEqual([
      ['memory', 100],
      ['disk', 50],
    ]);
    const withDisk = plus('disk', 60, 40);
    const withMemory = plus('memory', 60, 40);
    expect([[], both, withDisk, withMemory].map(requestsOf)).toEqual([0, 100, 200, 200]);
    expect([both, withDisk, withMemory].map((all) => cacheViews(all, NONE, NOW)[0])).toMatchObject([
      { requests: 100, requestsPerSecond: 1, hitRatio: 0.8 },
      { requests: 200, requestsPerSecond: 2, hitRatio: 0.7 },
      { requests: 200, requestsPerSecond: 2, hitRatio: 0.7 },
    ]);
    // Also where the first instance that tells has no memory.
    const onDisk = instance(A, 7);
    const diskAlone = onDisk.caches.map((one) => ({ description: { ...one.description, tiers: [{ tier: 'disk' }] } }));
    const [view] = cacheViews(withDisk, controlled([{ ...onDisk, caches: diskAlone }, instance(B, 7)]), NOW);
    expect(view).toMatchObject({ requests: 200, tiers: [{ tier: 'memory' }, { tier: 'disk' }] });
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
    [
      'paused in 1 of 2; revision 7 in force',
      controlled([pausing(instance(A, 7)), instance(B, 7), pausing(instance(A, 7, {}, false))]),
    ],
    ['revision 7 in force; switched off', controlled([instance(A, 7)], [entry('all', 67_108_864, 7)], false)],
    // Switched off, instances acknowledge what they do not apply.
    ['revision 7 waits, since control is switched off', controlled([instance(A, 7)], undefined, false)],
    [
      'revision 7 waits in 1 of 2, since control is switched off',
      controlled(
        [instance(A, 7), instance(B, 7)],
        [entry('all', 67_108_864, 6), entry(`instance:${B}`, 5_000_000, 7)],
        false,
      ),
    ],
    ['nothing desired; switched off', controlled([instance(A, 7)], [], false)],
  ])('say: %s', (words, control) => {
    const text = renderCaches(cacheViews(TWO_TIERS, control, NOW), undefined);
    expect(text.split('\n').some((line) => line.endsWith(`connected; ${words}`))).toBe(true);
  });

  it.each([40, 60, 100])('fit a window of %d columns, and are whole in a pipe', (columns) => {
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
          settings: Object.fromEntries(['a', 'b', 'c'].map((k) => [k.repeat(30), k])),
          changed: null,
          entries: 1,
          bytes: 1,
          instances: 1_000,
        },
      ],
    };
    const words = 'a reason that is longer than one line of a narrow window, and ends with its last word';
    const cut = [renderCaches(views, words, columns), renderCache(shown, words, columns)];
    for (const text of cut) {
      expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(columns);
      // What goes on in the next line loses nothing.
      expect(text.replace(/\n +/g, ' ')).toContain(words);
    }
    const whole = renderCache(shown, undefined).split('\n').at(-1);
    for (const change of [whole, cut[1]!.replace(/\n +/g, ' ')])
      for (const part of ['a=a', 'b=b', 'c=c', '1 entry', 'in 1,000 instances']) expect(change).toContain(part);
    const removed = ['evicted', 'expired', 'cleared'].map((cause) => `9,000,000,000,000 ${cause}`).join(', ');
    expect(renderCaches(views, undefined)).toContain(`    ${removed}\n`);
  });

  it('tell whole why an instance refuses its settings', () => {
    const reason = `memory.maxBytes is 5; ${'the host allows this and that; '.repeat(5)}and no more`;
    const control = controlled([instance(A, 7, { refused: 'bounds', reason })]);
    const [view] = cacheViews(TWO_TIERS, control, NOW);
    const settings = settingsOf(control.services.get('reader'), 'pages');
    const shown = { ...view!, settings, details: [], changes: [] };
    expect(renderCache(shown, undefined)).toContain(`instance ${A}: refused (bounds): ${reason}\n`);
    expect(renderCache(shown, undefined, 80).replace(/\n +/g, ' ')).toContain(reason);
  });

  it('tell what an instance refuses and how it is taken back, by the selector under which it is desired', () => {
    const refusing = instance(A, 7, { refused: 'bounds', reason: 'too much' });
    const fields = { policy: 'lru', ttlMs: 5, sampling: { rate: 0.5 } } as const;
    const control = controlled(
      [refusing, instance(B, 7)],
      [entry('all', 50, 7), { ...entry(`instance:${A}`, 60, 6), settings: fields }],
    );
    const [first, second] = settingsOf(control.services.get('reader'), 'pages');
    // The policy is in force; no command sets the sampling.
    const takeBack = [
      'cache reader/pages resize --tier memory --reset',
      `cache reader/pages ttl --reset --selector instance:${A}`,
    ];
    expect([first!.takeBack, second!.takeBack]).toEqual([takeBack, undefined]);
    const [view] = cacheViews(TWO_TIERS, control, NOW);
    const text = renderCache({ ...view!, settings: [first!], details: [], changes: [] }, undefined);
    const lines = takeBack.map((line) => `  npm run --silent alperf -- ${line}\n`);
    expect(text).toContain(`What it refuses stays desired. To take it back:\n${lines.join('')}`);
  });

  it('have settings by instance: all selectors over one another, beside what is in force and may be', () => {
    const control = controlled([instance(A, 7), instance(B, 7)], [entry('all', 50, 7), entry(`instance:${B}`, 60, 6)]);
    expect(settingsOf(control.services.get('reader'), 'pages')).toEqual([
      expect.objectContaining({
        desired: { 'memory.maxBytes': 50 },
        inForce: { policy: 'lru', 'memory.maxBytes': 67_108_864 },
        bounds: { 'memory.maxBytes': { least: 1_000, most: 100_000_000 }, ttlMs: { most: 60_000 } },
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
          aChange({ revision: 9, changed: {}, instances: 3 }),
          aChange({
            revision: 8,
            changed: {
              policy: { from: 'lru', to: 'arc' },
              'memory.maxBytes': { from: '4194304', to: '4194305' },
              ttlMs: { from: null, to: '900000' },
              maxAgeMs: { from: '3600000', to: null },
            },
          }),
          aChange({ revision: 7, settings: { 'memory.maxBytes': '4194304', ttlMs: '5400000', policy: 'lru' } }),
          aChange({ change: 'created', by: 'host', tier: 'disk', revision: null, settings: { policy: 'lru' } }),
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
    expect(text).toMatch(/\nmemory\.maxBytes +64 MiB +50 MB +from 1 kB to 100 MB\n/);
    expect(text.split('\n').filter((line) => line.startsWith('2026-'))).toEqual([
      '2026-11-24T10:00:00Z  settings by operator  revision 9  nothing was different  in 3 instances',
      '2026-11-24T10:00:00Z  settings by operator  revision 8  policy=arc (was lru)  ' +
        'memory.maxBytes=4,194,305 B (was 4,194,304 B)  ttlMs=15 min (was not set)  maxAgeMs is set no more (was 1 h)',
      // Of the first that is known, nobody knows what was before.
      '2026-11-24T10:00:00Z  settings by operator  revision 7  first known: memory.maxBytes=4 MiB  ttlMs=1.5 h  policy=lru',
      '2026-11-24T10:00:00Z  created by host (disk)',
    ]);
    expect(text).toContain('Settings and connections are not known: a reason.');
  });
});

describe('A change', () => {
  it('is of what is others than before, what is new, and what is gone', () => {
    expect(differences({ a: '1', b: '2', c: '3' }, { a: '1', b: '5', d: '4' })).toEqual({
      b: { from: '2', to: '5' },
      c: { from: '3', to: null },
      d: { from: null, to: '4' },
    });
    expect(differences({ a: '1' }, { a: '1' })).toEqual({});
  });
});

describe('A window', () => {
  const lines = ['one', 'two', 'three', 'a fourth line that is longer'];

  it('shows what it has room for, and says in its last line how much more there is', () => {
    expect(fitting(lines, { columns: 80, rows: 4 })).toEqual(lines);
    expect(fitting(lines, { columns: 80, rows: 3 })).toEqual([
      'one',
      'two',
      '… 2 more lines: a higher window shows them, or the same without --watch.',
    ]);
    expect(fitting(lines, { columns: 10, rows: 9 }).at(-1)).toBe('a fourth …');
    expect(fitting(lines, { columns: 10, rows: 1 })).toEqual(['… 4 more …']);
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

  it.each([
    [0, '0 B', '0 ms'],
    [4_194_304, '4 MiB', '4,194,304 ms'],
    [50_000_000, '50 MB', '50,000 s'],
    [1_500_000, '1.5 MB', '25 min'],
    [67_108_863, '64 MiB', '67,108,863 ms'],
    [900_000, '900 kB', '15 min'],
    [3_661_000, '3,661 kB', '3,661 s'],
  ])('write a limit of %d as %s and %s', (value, bytes, time) => {
    expect([sizeText(value), lengthText(value)]).toEqual([bytes, time]);
  });
});
