import type { OptionProblem } from '../errors.js';
import { isObject } from './arguments.js';
import { boundsProblems } from './bounds-options.js';
import { checkDuration } from './check-duration.js';
import { MemoryTier } from '../memory/memory-tier.js';
import type { Share } from '../manager/demand.js';
import type { CacheKey } from '../key/cache-key.js';
import type { CacheOptions, InvalidationOptions, Lifetime } from '../options.js';
import type { Tier } from '../tier/tier.js';
import { isLimit } from './limits.js';
import { noOptions, unknownOptions } from './option-names.js';

const SHORTEST_SECRET = 16;
const NAME = /^[A-Za-z0-9._-]{1,64}$/;

const DURATIONS = ['ttl', 'maxAge', 'staleWhileRevalidate', 'staleIfError', 'negativeTtl'] as const;

const LIFETIME_FIELDS: Readonly<Record<keyof Lifetime, true>> = {
  ttl: true,
  ttlJitter: true,
  sliding: true,
  maxAge: true,
  staleWhileRevalidate: true,
  staleIfError: true,
  negativeTtl: true,
};

const FIELDS: Readonly<Record<keyof CacheOptions<CacheKey, unknown>, true>> = {
  name: true,
  tiers: true,
  ...LIFETIME_FIELDS,
  softTimeout: true,
  hardTimeout: true,
  earlyRefresh: true,
  maxConcurrentLoads: true,
  lockAcrossProcesses: true,
  loader: true,
  batchLoader: true,
  revalidate: true,
  freshness: true,
  schema: true,
  invalidations: true,
  bounds: true,
  control: true,
  snapshots: true,
  savedHotKeys: true,
  manager: true,
  share: true,
  telemetry: true,
  clock: true,
  random: true,
  onProblem: true,
};

/** All that is wrong with the options of a cache, its tiers' included: each with its place and what to do. */
export function cacheProblems(options: Partial<CacheOptions<never, never>>): OptionProblem[] {
  if (!isObject(options)) return noOptions(options, "{ name: 'covers', tiers: [memory({ maxBytes: 64 * 2 ** 20 })] }");
  const problems: OptionProblem[] = unknownOptions(options, FIELDS);
  const add = (path: string, message: string) => void problems.push({ path, message });
  if (typeof options.name !== 'string' || !NAME.test(options.name))
    add('name', `${String(options.name)} is no name. Give 1 to 64 letters, digits and ._- characters.`);
  problems.push(...tierProblems(options.tiers), ...lifetimeProblems(options));
  for (const field of ['softTimeout', 'hardTimeout'] as const) checkDuration(options[field], field, add);
  if (
    !isOptional(
      options.earlyRefresh,
      (beta) => typeof beta === 'number' && beta >= 0 && beta < Number.POSITIVE_INFINITY,
    )
  )
    add(
      'earlyRefresh',
      `${String(options.earlyRefresh)} is no factor. Give 0 for never, 1 for the usual, more for earlier.`,
    );
  if (!isOptional(options.maxConcurrentLoads, (limit) => isLimit(limit) && limit > 0))
    add('maxConcurrentLoads', `${String(options.maxConcurrentLoads)} is no limit. Give a whole number, 1 or more.`);
  for (const field of ['sliding', 'lockAcrossProcesses', 'control'] as const)
    if (!isOptional(options[field], (value) => typeof value === 'boolean'))
      add(field, `is ${typeof options[field]}. Give true or false.`);
  if (options.lockAcrossProcesses === true && !(options.tiers ?? []).some((tier) => tier?.lock !== undefined))
    add('lockAcrossProcesses', 'no tier has locks. Add a tier that processes share, such as redis, or leave it out.');
  for (const field of ['loader', 'batchLoader', 'revalidate', 'random', 'onProblem'] as const)
    if (!isOptional(options[field], (value) => typeof value === 'function'))
      add(field, `is ${typeof options[field]}. Give a function, or leave it out.`);
  if (!isOptional(options.freshness, (how) => how === 'content-hash'))
    add('freshness', `${String(options.freshness)} is not known. Give content-hash, or leave it out.`);
  if (!isOptional(options.schema, isSchema))
    add(
      'schema',
      'is no Standard Schema of version 1. Give one of zod, valibot, TypeBox or another library that has them.',
    );
  if (!isOptional(options.snapshots, (store) => typeof store?.write === 'function' && typeof store.read === 'function'))
    add('snapshots', 'is no place for snapshots. Give one made by snapshotFile(…), or leave it out.');
  if (!isOptional(options.savedHotKeys, isLimit))
    add('savedHotKeys', `${String(options.savedHotKeys)} is no number of keys. Give a whole number, 0 for none.`);
  if (!isOptional(options.manager, (manager) => typeof manager?.add === 'function'))
    add('manager', 'is no manager. Give a CacheManager, or leave it out.');
  problems.push(
    ...shareProblems(options.share),
    ...invalidationProblems(options.invalidations),
    ...boundsProblems(options.bounds, options.tiers),
  );
  return problems;
}

function invalidationProblems(invalidations: unknown): OptionProblem[] {
  if (invalidations === undefined) return [];
  const { bus, secret } = (invalidations ?? {}) as Partial<InvalidationOptions>;
  const problems: OptionProblem[] = [];
  if (typeof bus?.publish !== 'function' || typeof bus.subscribe !== 'function')
    problems.push({ path: 'invalidations.bus', message: 'is no bus. Give one with publish and subscribe.' });
  if (typeof secret !== 'string' || secret.length < SHORTEST_SECRET)
    problems.push({
      path: 'invalidations.secret',
      message: `is no secret. Give a text of ${SHORTEST_SECRET} random characters or more, the same in all instances.`,
    });
  return problems;
}

/** What is wrong with a lifetime that is to be in force from now on, names included. */
export function newLifetimeProblems(lifetime: Lifetime): OptionProblem[] {
  return [...unknownOptions(lifetime, LIFETIME_FIELDS, 'setting'), ...lifetimeProblems(lifetime)];
}

/** What is wrong with how long entries are to live. */
export function lifetimeProblems(lifetime: Lifetime): OptionProblem[] {
  const problems: OptionProblem[] = [];
  const add = (path: string, message: string) => void problems.push({ path, message });
  for (const field of DURATIONS) checkDuration(lifetime[field], field, add);
  const { ttlJitter, sliding, ttl } = lifetime;
  if (!isOptional(ttlJitter, (share) => typeof share === 'number' && share >= 0 && share <= 1))
    add('ttlJitter', `${String(ttlJitter)} is no share. Give a number from 0 to 1.`);
  if (sliding === true && ttl === undefined)
    add('sliding', 'nothing slides without a ttl. Give a ttl, or leave it out.');
  return problems;
}

function tierProblems(tiers: readonly Tier[] | undefined): OptionProblem[] {
  if (!Array.isArray(tiers) || tiers.length === 0)
    return [
      { path: 'tiers', message: 'there are none. Give at least one, such as memory({ maxBytes: 64 * 2 ** 20 }).' },
    ];
  const problems: OptionProblem[] = [];
  const seen = new Set<string>();
  for (const [i, tier] of (tiers as readonly Tier[]).entries()) {
    const path = `tiers[${i}]`;
    if (typeof tier?.open !== 'function') {
      problems.push({ path, message: 'is no tier. Give one made by memory(…), disk(…) or redis(…).' });
      continue;
    }
    if (seen.has(tier.name))
      problems.push({
        path,
        message: `there is a tier ${tier.name} already. Leave one out: figures are told apart by the tier's name.`,
      });
    seen.add(tier.name);
    if (i > 0 && tier instanceof MemoryTier)
      problems.push({ path, message: 'the memory tier is behind another one. Put it first: it is the nearest.' });
    for (const problem of tier.problems?.() ?? []) problems.push({ ...problem, path: `${path}.${problem.path}` });
  }
  return problems;
}

function shareProblems(share: Share | undefined): OptionProblem[] {
  if (share === undefined) return [];
  const problems: OptionProblem[] = [];
  const { weight, minBytes, maxBytes } = share;
  if (!isOptional(weight, (value) => Number.isFinite(value) && value >= 0))
    problems.push({ path: 'share.weight', message: `${String(weight)} is no weight. Give a number, 0 or more.` });
  for (const [field, limit] of Object.entries({ minBytes, maxBytes }))
    if (!isOptional(limit, isLimit))
      problems.push({
        path: `share.${field}`,
        message: `${String(limit)} is no limit. Give a whole number of bytes, 0 or more.`,
      });
  if (minBytes !== undefined && maxBytes !== undefined && minBytes > maxBytes)
    problems.push({ path: 'share.minBytes', message: `is more than share.maxBytes, ${maxBytes}. Swap them.` });
  return problems;
}

function isOptional<Value>(value: Value | undefined, isRight: (value: Value) => boolean): boolean {
  return value === undefined || isRight(value);
}

function isSchema(schema: unknown): boolean {
  if ((typeof schema !== 'object' && typeof schema !== 'function') || schema === null) return false;
  const standard = (schema as { readonly '~standard'?: { readonly version?: unknown; readonly validate?: unknown } })[
    '~standard'
  ];
  return standard?.version === 1 && typeof standard.validate === 'function';
}
