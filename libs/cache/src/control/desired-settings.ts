import type { ControlSettings, Refused, SettingValue } from '#libs/contracts';
import type { CacheCore } from '../core.js';
import type { CacheKey } from '../key/cache-key.js';
import { lifetimeOf } from '../manage/host-settings.js';
import { DURATIONS, LIFETIMES, limitsIn, settingsInForce } from '../manage/in-force.js';
import type { Lifetime } from '../options.js';
import type { Tier, TierLimits } from '../tier/tier.js';

const LIMITS = ['maxBytes', 'maxEntries'] as const;

/**
 * What is desired of a cache from afar, over what its host has set: field by field, so that what is desired no more is
 * the host's again, also when the host changed it meanwhile.
 */
export class DesiredSettings<Key extends CacheKey, Value> {
  /** As the tiers were made, or resized before anything came from afar. */
  readonly #made: ReadonlyMap<string, TierLimits>;
  readonly #madePolicy;
  #sampling: ControlSettings['sampling'];

  constructor(private readonly core: CacheCore<Key, Value>) {
    this.#made = new Map(core.options.tiers.map((tier) => [tier.name, limitsIn(tier.usage())]));
    this.#madePolicy = core.stack.memory?.policySetting;
  }

  /** What is in force, by name; what is not limited is left out. */
  inForce(): Record<string, SettingValue> {
    const settings = settingsInForce(this.core);
    for (const [name, value] of Object.entries(this.#sampling ?? {})) settings[`sampling.${name}`] = value;
    return { ...settings, ...this.core.options.manager?.describe() };
  }

  /** What of it this cache has nothing for, or undefined. */
  unsupported({ tiers = {}, policy }: ControlSettings): Refused | undefined {
    const { memory } = this.core.stack;
    const refuse = (reason: string): Refused => ({ refused: 'unsupported', reason });
    for (const [tier, { maxBytes }] of Object.entries(tiers)) {
      if (!this.#made.has(tier)) return refuse(`The cache has no tier ${tier}.`);
      if (tier === memory?.name && maxBytes !== undefined && memory.usage().bytes === undefined)
        return refuse('The memory tier does not weigh its entries: its host gave it neither maxBytes nor a weigher.');
    }
    if (policy !== undefined && memory === undefined)
      return refuse('The cache has no memory tier: no other has policies.');
    return undefined;
  }

  /** All of it, or what was in force before. */
  async apply(settings: ControlSettings): Promise<Refused | undefined> {
    const before = this.core.desired;
    try {
      if (!this.#sample(settings.sampling))
        return { refused: 'unsupported', reason: 'The cache samples nothing: its telemetry has no salt.' };
      this.core.desired = settings;
      await this.#settle(settings);
      return undefined;
    } catch (problem) {
      this.core.onProblem(problem as Error);
      this.core.desired = before;
      this.#sample(before.sampling);
      await this.#settle(before).catch(this.core.onProblem);
      return { refused: 'failed', reason: 'A tier could not take its limits now, and all is as it was.' };
    }
  }

  async #settle(settings: ControlSettings): Promise<void> {
    const { core } = this;
    const { host, stack } = core;
    const policy = settings.policy ?? host.policy ?? this.#madePolicy;
    if (policy !== undefined && policy !== stack.memory?.policySetting) stack.memory?.usePolicy(policy);
    const lifetime = this.#lifetime(settings);
    if (JSON.stringify(lifetime) !== JSON.stringify(core.lifetimeSettings)) core.setLifetime(lifetime);
    core.loading.earlyRefresh = settings.earlyRefresh ?? host.earlyRefresh;
    for (const tier of core.options.tiers) {
      const own = host.limitsOf(tier.name, this.#made.get(tier.name)!);
      const wanted = { ...own, ...settings.tiers?.[tier.name] };
      const shares = tier === stack.memory && own.maxBytes !== undefined;
      if (shares) await this.#resizeShared(tier, wanted);
      else await resize(tier, wanted);
    }
    // The host has its reason to stand aside: nobody else can know that it is over.
    const paused = host.paused || settings.paused === true;
    if (paused !== core.paused) core.paused = paused;
  }

  /** Of memory that may share a budget: it shrinks by itself, and grows when the others have made room. */
  async #resizeShared(tier: Tier, wanted: TierLimits): Promise<void> {
    const { name, options } = this.core;
    const { maxBytes: now = Number.POSITIVE_INFINITY } = tier.usage();
    const { maxBytes: most = Number.POSITIVE_INFINITY } = wanted;
    await resize(tier, { ...wanted, maxBytes: Math.min(now, most) });
    if (now === most || (await options.manager?.settle(name)) === true) return;
    await resize(tier, wanted);
  }

  #lifetime(settings: ControlSettings): Lifetime {
    const desired: { -readonly [Name in keyof Lifetime]: Lifetime[Name] } = { ...this.core.host.lifetime };
    for (const name of DURATIONS) {
      const ms = settings[name];
      if (ms !== undefined) desired[LIFETIMES[name]] = ms;
    }
    if (settings.ttlJitter !== undefined) desired.ttlJitter = settings.ttlJitter;
    return lifetimeOf(desired);
  }

  /** False when it cannot sample as desired, in which case nothing has changed. */
  #sample(sampling: ControlSettings['sampling']): boolean {
    if (JSON.stringify(sampling) === JSON.stringify(this.#sampling)) return true;
    const wanted =
      sampling?.rate !== undefined
        ? { rate: sampling.rate }
        : sampling?.maxKeys !== undefined
          ? { maxKeys: sampling.maxKeys }
          : undefined;
    for (const recorder of this.core.stack.recorders)
      if (recorder.resample?.(wanted) !== true && wanted !== undefined) return false;
    this.#sampling = sampling;
    return true;
  }
}

async function resize(tier: Tier, wanted: TierLimits): Promise<void> {
  const change = changeOf(limitsIn(tier.usage()), wanted);
  if (change !== undefined) await tier.resize(change);
}

/** What `resize` has to be told; a limit that there is none of any more is taken away. */
function changeOf(now: TierLimits, wanted: TierLimits): TierLimits | undefined {
  const changed = LIMITS.filter((name) => now[name] !== wanted[name]);
  if (changed.length === 0) return undefined;
  return Object.fromEntries(changed.map((name) => [name, wanted[name] ?? Number.POSITIVE_INFINITY]));
}
