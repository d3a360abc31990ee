import { resolve } from 'node:path';
import type { Entry, MemoryTier, Tier } from '#libs/cache';
import type { EvictionSetting } from '#libs/cache-policies';
import { DiskTier } from '#libs/cache/disk';
import type { Host, Invocation, OptionSpecs } from '../command/command.js';
import { UsageError } from '../command/errors.js';
import { oneOf, wholeNumber } from '../command/values.js';
import type { CacheLimits } from '../trace/cache-size.js';
import { traceMemory } from '../trace/trace-memory.js';
import { POLICIES } from '../trace/trace-options.js';

/** Stacks of tiers that a replay can have, from the nearest on. */
const STACKS = ['memory', 'memory,disk'] as const;

export const TIER_OPTIONS = {
  policy: {
    type: 'string',
    placeholder: 'POLICY',
    help: `Policy of the memory tier: ${POLICIES.join(', ')}. Default: ${POLICIES[0]}.`,
  },
  tier: { type: 'string', placeholder: 'TIERS', help: `The tiers: ${STACKS.join(' or ')}.`, fallback: STACKS[0] },
  'disk-path': {
    type: 'string',
    placeholder: 'DIR',
    help: 'Directory of the disk tier. What an earlier replay left there is found.',
  },
  'disk-max-bytes': { type: 'string', placeholder: 'N', help: 'Most bytes of the disk tier.' },
} as const satisfies OptionSpecs;

/** The tiers of a replay, before the trace was read. */
export interface AskedTiers {
  readonly policy: EvictionSetting;
  readonly disk: { readonly path: string; readonly maxBytes: number } | undefined;
}

/** What an entry of a replay holds. Only where it leaves the process it has bytes: as many as the trace says. */
export interface Content {
  readonly size: number;
  readonly bytes?: Uint8Array;
}

/** @throws UsageError */
export function askedTiers(invocation: Invocation, { cwd }: Pick<Host, 'cwd'>): AskedTiers {
  const policy = oneOf(invocation, 'policy', POLICIES) ?? POLICIES[0]!;
  const stack = oneOf(invocation, 'tier', STACKS)!;
  const path = invocation.text('disk-path');
  const maxBytes = wholeNumber(invocation, 'disk-max-bytes', { min: 1, max: Number.MAX_SAFE_INTEGER });
  if (stack === 'memory') {
    if (path !== undefined || maxBytes !== undefined)
      throw new UsageError(
        'There is no disk tier that --disk-path or --disk-max-bytes is for.',
        'Add --tier memory,disk.',
      );
    return { policy, disk: undefined };
  }
  if (path === undefined || maxBytes === undefined)
    throw new UsageError(
      'A disk tier needs a directory and a limit.',
      'Write --tier memory,disk --disk-path DIR --disk-max-bytes 100_000_000, for example.',
    );
  return { policy, disk: { path: resolve(cwd, path), maxBytes } };
}

/** A disk tier that tells how many writes it has not finished: a replay that ran ahead of the disk would only fill memory. */
export class WatchedDisk extends DiskTier {
  /** Writes under way. */
  waiting = 0;

  override async set(key: string, entry: Entry): Promise<boolean> {
    this.waiting++;
    try {
      return await super.set(key, entry);
    } finally {
      this.waiting--;
    }
  }
}

export interface MadeTiers {
  readonly memory: MemoryTier;
  readonly disk: WatchedDisk | undefined;
  readonly all: readonly [Tier, ...Tier[]];
}

export function makeTiers({ policy, disk }: AskedTiers, limits: CacheLimits): MadeTiers {
  const memory = traceMemory<Content>(limits, policy, ({ size }) => size);
  const onDisk = disk === undefined ? undefined : new WatchedDisk(disk);
  return { memory, disk: onDisk, all: onDisk === undefined ? [memory] : [memory, onDisk] };
}
