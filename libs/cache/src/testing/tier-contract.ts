import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SystemClock } from '#libs/time';
import type { RemovalCause } from '#libs/contracts';
import type { Entry, EntryInfo, Selection, Tier, TierContext, TierLimits, Touched } from '../tier/tier.js';
import { canonical } from './canonical.js';
import { RecordingTierRecorder } from './recording-tier-recorder.js';

/** What a kind of tier can do beyond what all of them can. */
export interface TierTraits {
  /** The limits that it keeps. Default: both. */
  readonly limits?: readonly (keyof TierLimits)[];
  /** A tier that is made anew on the same store holds what the one before was given. Default: false. */
  readonly persistent?: boolean;
  /** Two instances with one store see each other's writes. Default: false. */
  readonly shared?: boolean;
  /** It has `lock`. Default: false. */
  readonly locks?: boolean;
  /** It has `onRemoved`. Default: false. */
  readonly tellsRemoved?: boolean;
  /** It knows, and counts, that a write replaced an older entry. Default: true. */
  readonly countsReplaced?: boolean;
  /** Values that it cannot keep as they are, such as Dates in JSON, are left out. Default: 'structured'. */
  readonly values?: 'structured' | 'json';
  /** How far the time of a write may be off when it is read again, ms. Default: 100. */
  readonly storedAtToleranceMs?: number;
}

/** A store to test on, fresh for each test. */
export interface TierBench {
  /** A tier on the store, not opened: the suite opens and closes it. Called again, another one on the same store. */
  tier(limits: TierLimits): Tier;
  /** Ends what the store needs: directories, clients, servers. The tiers are closed by then. */
  dispose?(): Promise<void>;
}

/** What the suite needs of a test runner: Jest's, Vitest's and Mocha's globals fit as they are. */
export interface TierContractRunner {
  describe(name: string, tests: () => void): void;
  it(name: string, test: () => Promise<void>, timeoutMs?: number): void;
}

/** The runner whose `describe` and `it` are globals. */
export function globalRunner(): TierContractRunner {
  const { describe, it } = globalThis as unknown as Partial<TierContractRunner>;
  if (describe === undefined || it === undefined)
    throw new Error('There are no global describe and it: hand them to tierContract as its last argument.');
  return { describe, it };
}

const TIMEOUT_MS = 60_000;
const KIB = 1_024;
const MIB = 1_024 * KIB;
/** Room for all that the tests write where they are not about limits. */
const AMPLE: Required<TierLimits> = { maxBytes: 64 * MIB, maxEntries: 10_000 };

/**
 * Holds a kind of tier to everything that the port `Tier` promises. Each test gets a store of its own.
 *
 *     tierContract('My tier', async () => ({ tier: (limits) => new MyTier(limits) }));
 */
export function tierContract(
  name: string,
  make: () => Promise<TierBench>,
  traits: TierTraits = {},
  runner: TierContractRunner = globalRunner(),
): void {
  const limits = traits.limits ?? ['maxBytes', 'maxEntries'];
  const only = (wanted: TierLimits): TierLimits =>
    Object.fromEntries(Object.entries(wanted).filter(([limit]) => limits.includes(limit as keyof TierLimits)));

  runner.describe(`${name} keeps the contract of a tier: it`, () => {
    const run = (does: string, test: (subject: Subject) => Promise<void>) =>
      runner.it(
        does,
        async () => {
          const subject = new Subject(await make(), only);
          try {
            await test(subject);
          } finally {
            await subject.end();
          }
        },
        TIMEOUT_MS,
      );
    keeping(run, traits);
    ordering(run);
    removing(run);
    telling(run);
    if (limits.length > 0) limiting(run, limits);
    modelling(run, limits);
    sharing(run, traits);
  });
}

type Run = (does: string, test: (subject: Subject) => Promise<void>) => void;

interface Opened {
  readonly tier: Tier;
  readonly recorder: RecordingTierRecorder;
  readonly problems: readonly Error[];
}

const clock = new SystemClock();

/** What one test works with. */
class Subject {
  readonly #open: Tier[] = [];

  constructor(
    readonly bench: TierBench,
    readonly only: (limits: TierLimits) => TierLimits,
  ) {}

  readonly open = async (limits: TierLimits = AMPLE, cache = 'contract'): Promise<Opened> => {
    const tier = this.bench.tier(this.only(limits));
    const recorder = new RecordingTierRecorder();
    const problems: Error[] = [];
    const context: TierContext = {
      cache,
      clock,
      random: Math.random,
      recorder: recorder.port,
      onProblem: (problem) => void problems.push(problem),
    };
    await tier.open(context);
    this.#open.push(tier);
    return { tier, recorder, problems };
  };

  async close(tier: Tier): Promise<void> {
    this.#open.splice(this.#open.indexOf(tier), 1);
    await tier.close();
  }

  async end(): Promise<void> {
    for (const tier of this.#open) await tier.close();
    await this.bench.dispose?.();
  }
}

function anEntry(value: unknown, rest: Partial<Entry> = {}): Entry {
  return {
    value,
    negative: false,
    storedAt: clock.now(),
    freshMs: Number.POSITIVE_INFINITY,
    staleMs: 0,
    ...rest,
  };
}

async function valueOf(tier: Tier, key: string): Promise<unknown> {
  return (await tier.get(key))?.value;
}

async function keysOf(tier: Tier): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of tier.entries()) keys.push(key);
  return keys.sort();
}

/** Waits for what a tier does by itself; the test's own limit ends it. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await clock.sleep(5);
}

const JSON_VALUES: readonly unknown[] = [
  '',
  'text',
  'ünïcödé 🎈 \u0000 \u2028',
  0,
  -1.5,
  Number.MAX_SAFE_INTEGER,
  true,
  false,
  null,
  [],
  [1, [2, ['three', null]]],
  {},
  { a: { b: { c: [1, 2, { d: 'deep' }] } }, 'odd key': 1 },
  'x'.repeat(300_000),
  Array.from({ length: 2_000 }, (_, i) => ({ i, text: `number ${i}` })),
];

const STRUCTURED_VALUES: readonly unknown[] = [
  ...JSON_VALUES,
  -0,
  Number.NaN,
  Number.NEGATIVE_INFINITY,
  2n ** 80n,
  new Date(Date.UTC(2026, 10, 25)),
  new Map<unknown, unknown>([
    ['a', 1],
    [2, new Map([['nested', new Set(['x', 'y'])]])],
  ]),
  new Set([1, 'two', null]),
  Uint8Array.from({ length: 1_000 }, (_, i) => i & 0xff),
  new Uint8Array(0),
  Float64Array.of(Math.PI, Number.NaN, -0),
  { bytes: Uint8Array.of(0, 255), when: new Date(0), list: [new Map([[1, 2]])] },
];

const ODD_KEYS = [
  'a',
  'ab',
  'a\u0000',
  'a\u0000b',
  ' ',
  '\u0001',
  '\u0002sparts\u0000',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  'a/b\\c:d*e?f',
  'ключ 🎈',
  // Half a surrogate pair, twice: no UTF-8 has them, and they differ.
  'half \ud83c',
  'half \udf88',
  '\uffff',
];

function keeping(run: Run, traits: TierTraits): void {
  run('has nothing of what was not set', async ({ open }) => {
    const { tier } = await open();
    assert.equal(await tier.get('nothing'), undefined);
    assert.deepEqual(await tier.getMany([]), []);
    assert.deepEqual(await tier.getMany(['a', 'b']), [undefined, undefined]);
    assert.deepEqual(await keysOf(tier), []);
  });

  run('gives back values of every kind', async ({ open }) => {
    const { tier } = await open();
    const values = traits.values === 'json' ? JSON_VALUES : STRUCTURED_VALUES;
    for (const [i, value] of values.entries()) assert.equal(await tier.set(`value-${i}`, anEntry(value)), true);
    for (const [i, value] of values.entries())
      assert.equal(canonical(await valueOf(tier, `value-${i}`)), canonical(value));
  });

  run('gives back everything that was said of an entry', async ({ open }) => {
    const { tier } = await open();
    const entries: Entry[] = [
      anEntry('plain'),
      anEntry('full', {
        freshMs: 61_234,
        staleMs: 99_876,
        revalidateMs: 0,
        version: 'W/"etag ü"',
        tags: ['one', 'two words', 'ü'],
        loadMs: 12.5,
      }),
      anEntry(undefined, { negative: true, freshMs: 5_000 }),
      anEntry(undefined, { negative: true, version: 'v', tags: ['gone'] }),
      anEntry('empty texts', { version: '', tags: [''] }),
      anEntry('no tags', { tags: [] }),
      anEntry('older', { storedAt: clock.now() - 3_000, freshMs: 60_000 }),
    ];
    for (const [i, entry] of entries.entries()) assert.equal(await tier.set(`entry-${i}`, entry), true);
    for (const [i, entry] of entries.entries()) sameEntry(await tier.get(`entry-${i}`), entry, traits);
  });

  run('tells odd keys apart', async ({ open }) => {
    const { tier } = await open();
    for (const key of ODD_KEYS) assert.equal(await tier.set(key, anEntry(`of ${canonical(key)}`)), true);
    for (const key of ODD_KEYS) assert.equal(await valueOf(tier, key), `of ${canonical(key)}`);
    assert.deepEqual(await keysOf(tier), [...ODD_KEYS].sort());
    for (const key of ODD_KEYS) {
      assert.equal((await tier.remove({ key }, { cause: 'invalidated' })).entries, 1);
      assert.equal(await tier.get(key), undefined);
    }
    assert.deepEqual(await keysOf(tier), []);
  });

  run('takes keys of 1 MB, and tells them apart by their last character', async ({ open }) => {
    const { tier } = await open();
    const long = 'k'.repeat(MIB - 1);
    const keys = [`${long}a`, `${long}b`, long.slice(0, 3_000), long.slice(0, 2_000), long.slice(0, 1_000)];
    for (const key of keys) assert.equal(await tier.set(key, anEntry(key.length)), true);
    for (const key of keys) assert.equal(await valueOf(tier, key), key.length);
    assert.deepEqual(await keysOf(tier), [...keys].sort());
    const { entries } = await tier.remove({ prefix: long.slice(0, 2_500) }, { cause: 'invalidated' });
    assert.equal(entries, 3);
    assert.deepEqual(await keysOf(tier), [long.slice(0, 1_000), long.slice(0, 2_000)]);
    await tier.remove({ key: long.slice(0, 2_000) }, { cause: 'invalidated' });
    assert.deepEqual(await keysOf(tier), [long.slice(0, 1_000)]);
  });

  run('answers many keys in their order, one more than once', async ({ open }) => {
    const { tier } = await open();
    for (let i = 0; i < 50; i++) await tier.set(`key-${i}`, anEntry(i));
    const asked = ['key-49', 'missing', 'key-0', 'key-7', 'key-7', 'absent', 'key-3'];
    const answers = await tier.getMany(asked);
    assert.deepEqual(
      answers.map((entry) => entry?.value),
      [49, undefined, 0, 7, 7, undefined, 3],
    );
  });

  run('keeps an entry for the whole of its time, fresh and stale', async ({ open }) => {
    const { tier } = await open();
    const stale = anEntry('stale', { storedAt: clock.now() - 2_000, freshMs: 1_000, staleMs: 60_000 });
    await tier.set('stale', stale);
    sameEntry(await tier.get('stale'), stale, traits);
  });

  run('answers what is past its time, if at all, with that time', async ({ open }) => {
    const { tier } = await open();
    const over = anEntry('over', { storedAt: clock.now() - 60_000, freshMs: 1_000, staleMs: 1_000 });
    await tier.set('over', over);
    const found = await tier.get('over');
    if (found !== undefined) sameEntry(found, over, traits);
  });

  if (traits.values !== 'json' && traits.persistent === true)
    run(
      'refuses a value that it cannot keep, and has nothing of it, nor an older entry of the key',
      async ({ open }) => {
        const { tier } = await open();
        await tier.set('key', anEntry('older'));
        await assert.rejects(tier.set('key', anEntry({ call: () => 1 })), TypeErrorOfAnyRealm);
        assert.equal(await tier.get('key'), undefined);
        assert.equal(await tier.set('key', anEntry('newer')), true);
        assert.equal(await valueOf(tier, 'key'), 'newer');
      },
    );

  if (traits.persistent === true)
    run('holds what it was given, with all that was said of it, when it is opened again', async (subject) => {
      const { tier } = await subject.open();
      const entry = anEntry('kept', { freshMs: 60_000, staleMs: 1_000, version: 'v', tags: ['t'], loadMs: 3 });
      await tier.set('gone', anEntry('gone'));
      // Not waited for: closing does.
      void tier.set('key', entry);
      void tier.remove({ key: 'gone' }, { cause: 'invalidated' });
      const before = tier.usage();
      await subject.close(tier);
      const { tier: again } = await subject.open();
      sameEntry(await again.get('key'), entry, traits);
      assert.equal(await again.get('gone'), undefined);
      assert.deepEqual(await keysOf(again), ['key']);
      if (before.entries !== undefined) assert.equal(again.usage().entries, 1);
      assert.equal((await again.remove({ tag: 't' }, { cause: 'invalidated' })).entries, 1);
    });

  run('may be closed twice', async (subject) => {
    const { tier } = await subject.open();
    await tier.set('key', anEntry(1));
    await tier.close();
    await tier.close();
  });
}

/** `instanceof` knows the errors of one realm only. */
function TypeErrorOfAnyRealm(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === 'TypeError';
}

function sameEntry(found: Entry | undefined, wanted: Entry, { storedAtToleranceMs = 100 }: TierTraits): void {
  assert.ok(found !== undefined, `There is no entry of ${canonical(wanted.value)}.`);
  assert.equal(canonical(found.value), canonical(wanted.value));
  assert.equal(found.negative, wanted.negative);
  const { freshMs, staleMs, storedAt } = wanted;
  assert.ok(found.freshMs === freshMs || Math.abs(found.freshMs - freshMs) < 1, `${found.freshMs} is not ${freshMs}`);
  assert.ok(found.staleMs === staleMs || Math.abs(found.staleMs - staleMs) < 1, `${found.staleMs} is not ${staleMs}`);
  assert.ok(
    Math.abs(found.storedAt - storedAt) <= storedAtToleranceMs,
    `stored at ${found.storedAt}, and not at ${storedAt}`,
  );
  assert.equal(found.version, wanted.version);
  assert.deepEqual([...(found.tags ?? [])].sort(), [...(wanted.tags ?? [])].sort());
  assert.equal(found.loadMs, wanted.loadMs);
  assert.equal(found.revalidateMs, wanted.revalidateMs);
}

function ordering(run: Run): void {
  run('does what is asked of one key in the order of the calls, waited for or not', async ({ open }) => {
    const { tier } = await open();
    const answers = await Promise.all([
      tier.set('key', anEntry(1, { tags: ['t'] })),
      tier.get('key'),
      tier.set('key', anEntry(2, { tags: ['t'] })),
      tier.get('key'),
      tier.remove({ key: 'key' }, { cause: 'invalidated' }),
      tier.get('key'),
      tier.set('key', anEntry(3, { tags: ['t'] })),
      tier.get('key'),
      tier.getMany(['key', 'key']),
      tier.remove({ tag: 't' }, { cause: 'invalidated' }),
      tier.get('key'),
      tier.set('key', anEntry(4)),
      tier.remove({ prefix: 'ke' }, { cause: 'invalidated' }),
      tier.get('key'),
      tier.set('key', anEntry(5)),
      tier.remove({ all: true }, { cause: 'cleared' }),
      tier.get('key'),
      tier.set('key', anEntry(6)),
      tier.get('key'),
    ]);
    const seen = answers.map((answer) => (Array.isArray(answer) ? answer.map(shown) : shown(answer)));
    const one = '1 removed';
    const wanted = [
      [true, 1, true, 2, one, 'nothing'],
      [true, 3, [3, 3], one, 'nothing'],
      [true, one, 'nothing', true, one, 'nothing', true, 6],
    ];
    assert.deepEqual(seen, wanted.flat(1));
    assert.equal(await valueOf(tier, 'key'), 6);
  });

  run('takes many writes at once', async ({ open }) => {
    const { tier } = await open();
    const numbers = Array.from({ length: 500 }, (_, i) => i);
    const kept = await Promise.all(numbers.map((i) => tier.set(`key-${i % 250}`, anEntry(i))));
    assert.ok(kept.every(Boolean));
    const found = await tier.getMany(numbers.slice(0, 250).map((i) => `key-${i}`));
    assert.deepEqual(
      found.map((entry) => entry?.value),
      numbers.slice(250),
    );
  });
}

function shown(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null) return answer ?? 'nothing';
  return 'entries' in answer ? `${(answer as Touched).entries} removed` : (answer as Entry).value;
}

/** Each kind of selection, with the keys of `library` that it is for. */
const SELECTIONS: readonly [string, Selection, readonly string[]][] = [
  ['a key', { key: 'book:1' }, ['book:1']],
  ['a key that is not there', { key: 'book:9' }, []],
  ['a tag', { tag: 'red' }, ['book:1', 'film:1']],
  ['a tag that nothing has', { tag: 're' }, []],
  ['a prefix', { prefix: 'book:' }, ['book:1', 'book:2', 'book:22']],
  ['a prefix that is a key', { prefix: 'book:2' }, ['book:2', 'book:22']],
  ['a prefix that nothing has', { prefix: 'ook' }, []],
  ['the empty prefix', { prefix: '' }, ['book:1', 'book:2', 'book:22', 'film:1', 'song']],
  [
    'a predicate',
    { where: (key, { version }) => key.endsWith('1') || version === 'v2' },
    ['book:1', 'book:2', 'film:1'],
  ],
  ['everything', { all: true }, ['book:1', 'book:2', 'book:22', 'film:1', 'song']],
];

async function library(tier: Tier): Promise<Map<string, Entry>> {
  const entries = new Map([
    ['book:1', anEntry('first', { tags: ['red', 'old'] })],
    ['book:2', anEntry('second', { tags: ['blue'], version: 'v2' })],
    ['book:22', anEntry(undefined, { negative: true, freshMs: 60_000, tags: ['old'] })],
    ['film:1', anEntry('third', { tags: ['red'], staleMs: 5_000, freshMs: 60_000 })],
    ['song', anEntry('la'.repeat(10_000))],
  ]);
  for (const [key, entry] of entries) assert.equal(await tier.set(key, entry), true);
  return entries;
}

function removing(run: Run): void {
  for (const [what, selection, gone] of SELECTIONS)
    run(`removes ${what}, having said in a dry run what it will`, async ({ open }) => {
      const { tier, recorder } = await open();
      const keys = [...(await library(tier)).keys()].sort();
      const cause: RemovalCause = 'all' in selection ? 'cleared' : 'invalidated';

      const before = tier.usage();
      const would = await tier.remove(selection, { cause, dryRun: true });
      assert.equal(would.entries, gone.length);
      assert.deepEqual(await keysOf(tier), keys);
      assert.equal(recorder.count(cause), 0);

      const did = await tier.remove(selection, { cause });
      assert.deepEqual(did, would);
      assert.deepEqual(
        await keysOf(tier),
        keys.filter((key) => !gone.includes(key)),
      );
      for (const key of keys) assert.equal((await tier.get(key)) === undefined, gone.includes(key));
      assert.deepEqual([...recorder.removals], gone.length === 0 ? [] : [[cause, gone.length]]);

      const after = tier.usage();
      if (after.entries !== undefined) assert.equal(before.entries! - after.entries, gone.length);
      if (after.bytes !== undefined && did.bytes !== undefined) assert.equal(before.bytes! - after.bytes, did.bytes);
      assert.equal((await tier.remove(selection, { cause })).entries, 0);
    });

  run('counts a removal under the cause it was given', async ({ open }) => {
    const { tier, recorder } = await open();
    for (const cause of ['expired', 'invalidated', 'cleared'] as const) {
      await tier.set('key', anEntry(1));
      await tier.remove({ key: 'key' }, { cause });
      assert.equal(recorder.count(cause), 1);
    }
  });

  run('forgets the tags of an entry that was replaced', async ({ open }) => {
    const { tier } = await open();
    await tier.set('key', anEntry(1, { tags: ['old', 'both'] }));
    await tier.set('key', anEntry(2, { tags: ['new', 'both'] }));
    assert.equal((await tier.remove({ tag: 'old' }, { cause: 'invalidated' })).entries, 0);
    assert.equal(await valueOf(tier, 'key'), 2);
    for (const tag of ['new', 'both'])
      assert.equal((await tier.remove({ tag }, { cause: 'invalidated', dryRun: true })).entries, 1);
    assert.equal((await tier.remove({ tag: 'both' }, { cause: 'invalidated' })).entries, 1);
    assert.equal((await tier.remove({ tag: 'new' }, { cause: 'invalidated' })).entries, 0);
  });

  run('counts an entry once that has one tag twice', async ({ open }) => {
    const { tier } = await open();
    await tier.set('key', anEntry(1, { tags: ['t', 't'] }));
    assert.equal((await tier.remove({ tag: 't' }, { cause: 'invalidated' })).entries, 1);
    assert.equal(await tier.get('key'), undefined);
  });

  run('rejects when a predicate throws, and goes on', async ({ open }) => {
    const { tier } = await open();
    await tier.set('key', anEntry(1));
    const where = () => {
      throw new RangeError('no');
    };
    await assert.rejects(tier.remove({ where }, { cause: 'invalidated' }), /no/);
    assert.equal(await valueOf(tier, 'key'), 1);
    assert.equal(await tier.set('other', anEntry(2)), true);
  });
}

function telling(run: Run): void {
  run('tells of every entry all but its value', async ({ open }) => {
    const { tier } = await open();
    const entries = await library(tier);
    const told = new Map<string, EntryInfo>();
    for await (const info of tier.entries()) {
      assert.ok(!told.has(info.key), `${info.key} comes twice`);
      told.set(info.key, info);
    }
    assert.deepEqual([...told.keys()].sort(), [...entries.keys()].sort());
    for (const [key, entry] of entries) {
      const info = told.get(key)!;
      assert.equal(info.tier, tier.name);
      assert.equal(info.pinned, false);
      assert.ok(!('value' in info));
      sameEntry({ ...entry, ...info, value: entry.value }, entry, {});
      assert.equal(info.negative, entry.negative);
      if (tier.usage().bytes !== undefined) assert.ok(info.bytes > 0);
    }
    if (tier.usage().bytes !== undefined)
      assert.equal(
        [...told.values()].reduce((sum, { bytes }) => sum + bytes, 0),
        tier.usage().bytes,
      );
  });

  run('goes on telling of entries while they change', async ({ open }) => {
    const { tier } = await open();
    for (let i = 0; i < 300; i++) await tier.set(`key-${i}`, anEntry(i));
    const seen = new Set<string>();
    for await (const { key } of tier.entries()) {
      seen.add(key);
      if (seen.size === 10) await tier.remove({ prefix: 'key-1' }, { cause: 'invalidated' });
      if (seen.size === 20) await tier.set('late', anEntry('late'));
    }
    for (let i = 0; i < 300; i++) if (!`${i}`.startsWith('1')) assert.ok(seen.has(`key-${i}`), `key-${i} was left out`);
  });

  run('counts what it holds', async ({ open }) => {
    const { tier, recorder } = await open();
    await library(tier);
    const { entries, bytes } = tier.usage();
    if (entries !== undefined) assert.equal(entries, 5);
    if (bytes !== undefined) assert.ok(bytes > 20_000);
    if (recorder.gauges !== undefined) {
      assert.equal(recorder.gauges.entries, entries);
      assert.equal(recorder.gauges.bytes, bytes);
    }
    await tier.remove({ all: true }, { cause: 'cleared' });
    if (entries !== undefined) assert.equal(tier.usage().entries, 0);
    if (bytes !== undefined) assert.equal(tier.usage().bytes, 0);
  });

  run('finds nothing wrong with what is sound', async ({ open }) => {
    const { tier, problems } = await open();
    await library(tier);
    await tier.set('book:1', anEntry('again', { tags: ['green'] }));
    await tier.remove({ tag: 'blue' }, { cause: 'invalidated' });
    await tier.set('k'.repeat(5_000), anEntry('long', { tags: ['green'], freshMs: 60_000 }));
    for (const repair of [false, true]) {
      const found = [];
      for await (const problem of tier.verify({ repair })) found.push(problem);
      assert.deepEqual(found, []);
    }
    assert.equal((await keysOf(tier)).length, 5);
    assert.deepEqual(problems, []);
  });
}

function limiting(run: Run, limits: readonly (keyof TierLimits)[]): void {
  const within = (tier: Tier, { maxBytes, maxEntries }: TierLimits) => {
    const usage = tier.usage();
    if (maxBytes !== undefined) assert.ok(usage.bytes! <= maxBytes, `${usage.bytes} bytes of ${maxBytes}`);
    if (maxEntries !== undefined) assert.ok(usage.entries! <= maxEntries, `${usage.entries} entries of ${maxEntries}`);
  };

  if (limits.includes('maxEntries'))
    run('holds no more entries than it may, and counts what it evicts', async ({ open }) => {
      const maxEntries = 100;
      const { tier, recorder } = await open({ ...AMPLE, maxEntries });
      assert.equal(tier.usage().maxEntries, maxEntries);
      for (let i = 0; i < 350; i++) {
        assert.equal(await tier.set(`key-${i}`, anEntry(i)), true);
        within(tier, { maxEntries });
      }
      assert.ok(tier.usage().entries! >= 90);
      await until(() => recorder.count('evicted') === 350 - tier.usage().entries!);
    });

  if (limits.includes('maxBytes')) {
    run('holds no more bytes than it may, and uses them', async ({ open }) => {
      const maxBytes = 2 * MIB;
      const { tier, recorder } = await open({ ...AMPLE, maxBytes });
      assert.equal(tier.usage().maxBytes, maxBytes);
      for (let i = 0; i < 600; i++) {
        assert.equal(await tier.set(`key-${i}`, anEntry('x'.repeat(100 * (i % 200)))), true);
        within(tier, { maxBytes });
      }
      assert.ok(tier.usage().bytes! >= 0.8 * maxBytes);
      await until(() => recorder.count('evicted') === 600 - tier.usage().entries!);
    });

    run('refuses what is larger than all it may hold, and has no older entry of the key either', async ({ open }) => {
      const { tier, recorder } = await open({ ...AMPLE, maxBytes: 64 * KIB });
      await tier.set('other', anEntry('stays'));
      await tier.set('key', anEntry('small'));
      assert.equal(await tier.set('key', anEntry('x'.repeat(100 * KIB))), false);
      assert.equal(await tier.get('key'), undefined);
      assert.equal(recorder.count('rejected'), 1);
      assert.equal(recorder.count('evicted'), 0);
      assert.equal(await valueOf(tier, 'other'), 'stays');
    });

    run('holds nothing when it may hold no byte, and says so', async ({ open }) => {
      const { tier } = await open({ ...AMPLE, maxBytes: 0 });
      assert.equal(await tier.set('key', anEntry(1)), false);
      assert.equal(await tier.get('key'), undefined);
      assert.deepEqual(await keysOf(tier), []);
    });
  }

  run('shrinks while it runs, and grows again', async ({ open }) => {
    const { tier, recorder } = await open();
    for (let i = 0; i < 1_000; i++) await tier.set(`key-${i}`, anEntry('x'.repeat(500)));
    const { bytes = 0 } = tier.usage();
    const smaller: TierLimits = limits.includes('maxEntries')
      ? { maxEntries: 100 }
      : { maxBytes: Math.ceil(bytes / 10) };
    await tier.resize(smaller);
    within(tier, smaller);
    const left = await keysOf(tier);
    assert.ok(left.length >= 50 && left.length <= 150, `${left.length} entries are left`);
    assert.equal(recorder.count('evicted'), 1_000 - left.length);
    for (const key of left) assert.equal(await valueOf(tier, key), 'x'.repeat(500));
    await tier.set('more', anEntry('more'));
    within(tier, smaller);

    await tier.resize(limits.includes('maxEntries') ? { maxEntries: 2_000 } : { maxBytes: 10 * bytes });
    for (let i = 0; i < 1_000; i++) await tier.set(`again-${i}`, anEntry('x'.repeat(500)));
    assert.ok((await keysOf(tier)).length >= 1_000);
    const usage = tier.usage();
    if (limits.includes('maxEntries')) assert.equal(usage.maxEntries, 2_000);
    if (limits.includes('maxBytes') && limits.includes('maxEntries')) assert.equal(usage.maxBytes, AMPLE.maxBytes);
  });
}

type Step =
  | { readonly do: 'set'; readonly key: string; readonly size: number; readonly tags: readonly string[] }
  | { readonly do: 'get'; readonly key: string }
  | { readonly do: 'remove'; readonly selection: Selection }
  | { readonly do: 'resize'; readonly maxBytes: number; readonly maxEntries: number };

const aKey = fc.constantFrom(
  'a',
  'ab',
  'abc',
  'b',
  'ba',
  `a${'long'.repeat(1_000)}`,
  `a${'long'.repeat(1_000)}2`,
  '\ud800',
);
const aTag = fc.constantFrom('s', 't', 'tt');
const aSet = fc.record({
  do: fc.constant('set' as const),
  key: aKey,
  size: fc.oneof(fc.nat(100), fc.nat(20_000)),
  tags: fc.uniqueArray(aTag),
});
const aStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: aSet },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('get' as const), key: aKey }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('remove' as const),
      selection: fc.oneof(
        aKey.map((key) => ({ key })),
        aTag.map((tag) => ({ tag })),
        fc.constantFrom('', 'a', 'ab', 'b', 'along', '\ud800').map((prefix) => ({ prefix })),
        fc.constantFrom<Selection>({ all: true }, { where: (key) => key.length % 2 === 0 }),
      ),
    }),
  },
);
const aResize: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('resize' as const),
  maxBytes: fc.integer({ min: 1_000, max: 100_000 }),
  maxEntries: fc.integer({ min: 1, max: 8 }),
});

/** The plain reference: what was set last, and not removed since. */
class Model {
  readonly entries = new Map<string, { readonly value: unknown; readonly tags: readonly string[] }>();

  selected(selection: Selection): string[] {
    return [...this.entries].filter(([key, { tags }]) => isSelected(selection, key, tags)).map(([key]) => key);
  }
}

function isSelected(selection: Selection, key: string, tags: readonly string[]): boolean {
  if ('key' in selection) return selection.key === key;
  if ('tag' in selection) return tags.includes(selection.tag);
  if ('prefix' in selection) return key.startsWith(selection.prefix);
  return 'all' in selection || selection.where(key, undefined as unknown as EntryInfo);
}

function modelling(run: Run, limits: readonly (keyof TierLimits)[]): void {
  run('answers as a Map does, in any sequence within its limits, waited for or not', async ({ open }) => {
    const { tier } = await open();
    const sequence = fc.array(fc.tuple(aStep, fc.boolean()), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(sequence, async (steps) => {
        await tier.remove({ all: true }, { cause: 'cleared' });
        const model = new Model();
        const checks: Promise<void>[] = [];
        let number = 0;
        for (const [step, waits] of steps) {
          checks.push(exactly(tier, model, step, number++));
          if (waits) await Promise.all(checks);
        }
        await Promise.all(checks);
        assert.deepEqual(await keysOf(tier), [...model.entries.keys()].sort());
        const { entries } = tier.usage();
        if (entries !== undefined) assert.equal(entries, model.entries.size);
        for await (const problem of tier.verify({ repair: false })) assert.fail(problem.message);
      }),
      { numRuns: 40, endOnFailure: false },
    );
  });

  if (limits.length > 0)
    run('keeps its limits and gives no wrong entry in any sequence, resized meanwhile', async (subject) => {
      const { tier } = await subject.open();
      const sequence = fc.array(fc.oneof({ weight: 8, arbitrary: aStep }, { weight: 1, arbitrary: aResize }), {
        maxLength: 40,
      });
      await fc.assert(
        fc.asyncProperty(sequence, async (steps) => {
          await tier.remove({ all: true }, { cause: 'cleared' });
          await tier.resize(subject.only({ maxBytes: 50_000, maxEntries: 5 }));
          const model = new Model();
          for (const [i, step] of steps.entries()) {
            await loosely(tier, model, step, i, subject.only);
            const { entries, bytes, maxBytes, maxEntries } = tier.usage();
            if (maxEntries !== undefined) assert.ok(entries! <= maxEntries, `${entries} entries of ${maxEntries}`);
            if (maxBytes !== undefined) assert.ok(bytes! <= maxBytes, `${bytes} bytes of ${maxBytes}`);
          }
          for (const key of await keysOf(tier)) assert.ok(model.entries.has(key), `${canonical(key)} was removed`);
        }),
        { numRuns: 40, endOnFailure: false },
      );
    });
}

/** Begins a step, and says at once what its answer has to be. */
function exactly(tier: Tier, model: Model, step: Step, number: number): Promise<void> {
  switch (step.do) {
    case 'set': {
      const value = `${number}:${'x'.repeat(step.size)}`;
      model.entries.set(step.key, { value, tags: step.tags });
      return tier.set(step.key, anEntry(value, { tags: step.tags })).then((kept) => assert.equal(kept, true));
    }
    case 'get': {
      const wanted = model.entries.get(step.key)?.value;
      return valueOf(tier, step.key).then((value) => assert.equal(value, wanted));
    }
    case 'remove': {
      const keys = model.selected(step.selection);
      for (const key of keys) model.entries.delete(key);
      return tier
        .remove(step.selection, { cause: 'invalidated' })
        .then(({ entries }) => assert.equal(entries, keys.length));
    }
    case 'resize':
      throw new Error('Without a limit that is reached, a model knows all.');
  }
}

/** Does a step on a tier that may have evicted anything, at any time. */
async function loosely(
  tier: Tier,
  model: Model,
  step: Step,
  number: number,
  only: (limits: TierLimits) => TierLimits,
): Promise<void> {
  switch (step.do) {
    case 'set': {
      const value = `${number}:${'x'.repeat(step.size)}`;
      const kept = await tier.set(step.key, anEntry(value, { tags: step.tags }));
      if (kept) model.entries.set(step.key, { value, tags: step.tags });
      else {
        model.entries.delete(step.key);
        assert.equal(await tier.get(step.key), undefined);
      }
      return;
    }
    case 'get': {
      const value = await valueOf(tier, step.key);
      if (value !== undefined) assert.equal(value, model.entries.get(step.key)?.value);
      return;
    }
    case 'remove': {
      const keys = model.selected(step.selection);
      const { entries } = await tier.remove(step.selection, { cause: 'invalidated' });
      assert.ok(entries <= keys.length);
      for (const key of keys) {
        model.entries.delete(key);
        assert.equal(await tier.get(key), undefined);
      }
      return;
    }
    case 'resize':
      await tier.resize(only({ maxBytes: step.maxBytes, maxEntries: step.maxEntries }));
  }
}

/** For what a kind of tier does not promise. */
const runNothing: Run = () => {
  // Its traits say that it has none of it.
};

function sharing(run: Run, traits: TierTraits): void {
  run('does not show one cache what another one has', async ({ open }) => {
    const { tier: first } = await open(AMPLE, 'first');
    const { tier: second } = await open(AMPLE, 'second');
    await first.set('key', anEntry(1, { tags: ['t'] }));
    assert.equal(await second.get('key'), undefined);
    await second.set('key', anEntry(2, { tags: ['t'] }));
    assert.equal((await first.remove({ tag: 't' }, { cause: 'invalidated' })).entries, 1);
    assert.equal(await valueOf(second, 'key'), 2);
    assert.deepEqual(await keysOf(first), []);
    await first.set('other', anEntry(3));
    assert.equal((await second.remove({ all: true }, { cause: 'cleared' })).entries, 1);
    assert.equal(await valueOf(first, 'other'), 3);
    if (first.usage().entries !== undefined) assert.equal(first.usage().entries, 1);
  });

  run('has what it says it has', async ({ open }) => {
    const { tier } = await open();
    assert.equal(tier.shared, traits.shared ?? false);
    assert.equal(tier.lock !== undefined, traits.locks ?? false);
    assert.equal(tier.onRemoved !== undefined, traits.tellsRemoved ?? false);
  });

  const runShared = traits.shared === true ? run : runNothing;
  runShared('shows another instance what it wrote and removed', async ({ open }) => {
    const { tier: one } = await open();
    const { tier: other } = await open();
    const entry = anEntry('seen', { version: 'v', tags: ['t'], freshMs: 60_000 });
    await one.set('key', entry);
    sameEntry(await other.get('key'), entry, traits);
    await other.set('key', anEntry('replaced'));
    assert.equal(await valueOf(one, 'key'), 'replaced');
    await one.remove({ key: 'key' }, { cause: 'invalidated' });
    assert.equal(await other.get('key'), undefined);
    await other.set('a', anEntry(1));
    await other.set('b', anEntry(2));
    assert.equal((await one.remove({ all: true }, { cause: 'cleared' })).entries, 2);
    assert.deepEqual(await other.getMany(['a', 'b']), [undefined, undefined]);
  });

  const runLocking = traits.locks === true ? run : runNothing;
  runLocking('locks a key for one at a time', async ({ open }) => {
    const { tier: one } = await open();
    const { tier: other } = await open();
    const { tier: elsewhere } = await open(AMPLE, 'elsewhere');
    const unlock = await one.lock!('key', 60_000);
    assert.ok(unlock !== undefined);
    assert.equal(await other.lock!('key', 60_000), undefined);
    assert.equal(await one.lock!('key', 60_000), undefined);
    for (const unlockOther of [await other.lock!('another key', 60_000), await elsewhere.lock!('key', 60_000)]) {
      assert.ok(unlockOther !== undefined);
      await unlockOther();
    }
    await unlock();
    const next = await other.lock!('key', 60_000);
    assert.ok(next !== undefined);
    // Once more ends nothing: the lock is another one's now.
    await unlock();
    assert.equal(await one.lock!('key', 60_000), undefined);
    await next();
  });

  runLocking('lets go of a lock when its time is over, and of no later one then', async ({ open }) => {
    const { tier: one } = await open();
    const { tier: other } = await open();
    const late = await one.lock!('key', 30);
    assert.ok(late !== undefined);
    let next: (() => Promise<void>) | undefined;
    await until(async () => (next = await other.lock!('key', 60_000)) !== undefined);
    await late();
    assert.equal(await one.lock!('key', 60_000), undefined);
    await next!();
  });

  const runTelling = traits.tellsRemoved === true ? run : runNothing;
  runTelling('tells another instance what was removed or overwritten', async ({ open }) => {
    const { tier: one } = await open();
    const { tier: other } = await open();
    const heard: Selection[] = [];
    other.onRemoved!((selection) => void heard.push(selection));
    await one.set('key', anEntry(1, { tags: ['t'] }));
    await one.set('kept', anEntry(1));
    const tells = (key: string, tags: readonly string[]) =>
      until(() => heard.some((selection) => isSelected(selection, key, tags)));
    await one.set('key', anEntry(2, { tags: ['t'] }));
    await tells('key', ['t']);
    heard.length = 0;
    await one.remove({ key: 'key' }, { cause: 'invalidated' });
    await tells('key', ['t']);
    assert.ok(!heard.some((selection) => isSelected(selection, 'kept', [])));
    await one.set('key', anEntry(3, { tags: ['t'] }));
    heard.length = 0;
    await one.remove({ tag: 't' }, { cause: 'invalidated' });
    await tells('key', ['t']);
    assert.ok(!heard.some((selection) => isSelected(selection, 'kept', [])));
    heard.length = 0;
    await one.remove({ all: true }, { cause: 'cleared' });
    await tells('kept', []);
  });

  if (traits.countsReplaced !== false)
    run('counts what a write replaced', async ({ open }) => {
      const { tier, recorder } = await open();
      for (let i = 0; i < 3; i++) await tier.set('key', anEntry(i));
      assert.equal(recorder.count('replaced'), 2);
      assert.equal(await valueOf(tier, 'key'), 2);
    });
}
