import type { Tier, TierLimits } from '../tier/tier.js';
import { counting } from './contract/counting.js';
import { keeping } from './contract/keeping.js';
import { limiting } from './contract/limiting.js';
import { modelling } from './contract/modelling.js';
import { ordering } from './contract/ordering.js';
import { removing } from './contract/removing.js';
import { sharing } from './contract/sharing.js';
import { Subject } from './contract/subject.js';
import { telling } from './contract/telling.js';

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
  /** It removes by itself what is past its time. Default: true. */
  readonly expires?: boolean;
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
    counting(run, limits, traits);
    modelling(run, limits);
    sharing(run, traits);
  });
}
