import { resolve } from 'node:path';
import type { Entry, MemoryTier, Tier } from '#libs/cache';
import type { EvictionSetting } from '#libs/cache-policies';
import { DiskTier } from '#libs/cache/disk';
import type { Host, Invocation, OptionSpecs } from '../command/command.js';
import { UsageError } from '../command/errors.js';
import { bytesOption } from '../command/sizes.js';
import { oneOf } from '../command/values.js';
import type { CacheLimits } from '../trace/cache-size.js';
import { traceMemory } from '../trace/trace-memory.js';
import { POLICIES } from '../trace/trace-options.js';
import { DEFAULT_REDIS, RunRedis } from './run-redis.js';
import { redisAddress, type RedisAddress } from './redis-address.js';

/** Stacks of tiers that a replay can have, from the nearest on. */
const STACKS = ['memory', 'memory,disk', 'memory,redis', 'memory,disk,redis', 'disk', 'disk,redis', 'redis'] as const;

export const TIER_OPTIONS = {
  policy: {
    type: 'string',
    placeholder: 'POLICY',
    help: `Policy of the memory tier: ${POLICIES.join(', ')}. Default: ${POLICIES[0]}.`,
  },
  tier: {
    type: 'string',
    placeholder: 'TIERS',
    help: `The tiers, the nearest first: ${STACKS.join(' or ')}. The size is that of the nearest.`,
    fallback: STACKS[0],
  },
  'disk-path': {
    type: 'string',
    placeholder: 'DIR',
    help: 'Directory of the disk tier. What an earlier replay left there is found.',
  },
  'disk-max-bytes': {
    type: 'string',
    placeholder: 'BYTES',
    help: 'Most bytes of the disk tier: 1GiB. Where it is the nearest, --max-bytes says the same.',
  },
  redis: {
    type: 'string',
    placeholder: 'URL',
    help: `Redis server of the Redis tier: redis://[user[:password]@]host[:port][/database]. Default: ${DEFAULT_REDIS}. Its keys are the replay's own, and removed in the end.`,
  },
  'redis-max-bytes': {
    type: 'string',
    placeholder: 'BYTES',
    help: 'Most bytes of a Redis tier behind another one. Default: as many as the server takes.',
  },
} as const satisfies OptionSpecs;

/** The tiers of a replay, before the trace was read. */
export interface AskedTiers {
  /** The one whose size is that of the cache. */
  readonly nearest: 'memory' | 'disk' | 'redis';
  /** Undefined: there is no memory tier. */
  readonly policy: EvictionSetting | undefined;
  readonly disk: { readonly path: string; readonly maxBytes: number } | undefined;
  readonly redis: { readonly address: RedisAddress; readonly maxBytes: number | undefined } | undefined;
}

/** What an entry of a replay holds. Only where it leaves the process it has bytes: as many as the trace says. */
export interface Content {
  readonly size: number;
  readonly bytes?: Uint8Array;
}

/** @throws UsageError */
export function askedTiers(invocation: Invocation, { cwd }: Pick<Host, 'cwd'>): AskedTiers {
  const stack = oneOf(invocation, 'tier', STACKS)!;
  const tiers = stack.split(',');
  return {
    nearest: tiers[0] as AskedTiers['nearest'],
    policy: askedPolicy(invocation, tiers),
    disk: askedDisk(invocation, tiers, cwd),
    redis: askedRedis(invocation, tiers),
  };
}

function askedPolicy(invocation: Invocation, tiers: readonly string[]): AskedTiers['policy'] {
  const policy = oneOf(invocation, 'policy', POLICIES);
  if (tiers.includes('memory')) return policy ?? POLICIES[0]!;
  if (policy !== undefined || invocation.text('cache') !== undefined)
    throw new UsageError(
      'There is no memory tier that a policy is for: other tiers evict by their own.',
      `Leave the policy out, or write --tier memory,${tiers[0]}.`,
    );
  return undefined;
}

function askedDisk(invocation: Invocation, tiers: readonly string[], cwd: string): AskedTiers['disk'] {
  const path = invocation.text('disk-path');
  const maxBytes = bytesOption(invocation, 'disk-max-bytes', { min: 1 });
  if (!tiers.includes('disk')) {
    if (path !== undefined || maxBytes !== undefined)
      throw new UsageError(
        'There is no disk tier that --disk-path or --disk-max-bytes is for.',
        'Add --tier memory,disk, or --tier disk.',
      );
    return undefined;
  }
  const isNearest = tiers[0] === 'disk';
  const nearestBytes = isNearest ? bytesOption(invocation, 'max-bytes', { min: 1 }) : undefined;
  if (nearestBytes !== undefined && maxBytes !== undefined)
    throw new UsageError(
      '--max-bytes and --disk-max-bytes say the same where the disk tier is the nearest.',
      'Leave one of the two out.',
    );
  const most = nearestBytes ?? maxBytes;
  if (path === undefined || most === undefined)
    throw new UsageError(
      'A disk tier needs a directory and a limit of bytes.',
      `Write --tier ${tiers.join(',')} --disk-path DIR ${isNearest ? '--max-bytes' : '--disk-max-bytes'} 100MB, for example.`,
    );
  return { path: resolve(cwd, path), maxBytes: most };
}

function askedRedis(invocation: Invocation, tiers: readonly string[]): AskedTiers['redis'] {
  const url = invocation.text('redis');
  const maxBytes = bytesOption(invocation, 'redis-max-bytes', { min: 1 });
  if (!tiers.includes('redis')) {
    if (url !== undefined || maxBytes !== undefined)
      throw new UsageError(
        'There is no Redis tier that --redis or --redis-max-bytes is for.',
        'Add --tier memory,redis, or --tier redis.',
      );
    return undefined;
  }
  if (tiers[0] === 'redis' && maxBytes !== undefined)
    throw new UsageError(
      '--redis-max-bytes is for a Redis tier behind another one.',
      'Write --max-bytes: the size is that of the nearest tier.',
    );
  return { address: redisAddress(url ?? DEFAULT_REDIS), maxBytes };
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

/** A tier whose writes take their time. */
export type WatchedTier = WatchedDisk | RunRedis;

export interface MadeTiers {
  readonly memory: MemoryTier | undefined;
  readonly disk: WatchedDisk | undefined;
  readonly redis: RunRedis | undefined;
  readonly all: readonly [Tier, ...Tier[]];
}

/** @param namespace what the keys of a Redis tier lie under */
export function makeTiers(
  { nearest, policy, disk, redis }: AskedTiers,
  limits: CacheLimits,
  namespace: string,
): MadeTiers {
  const memory = policy === undefined ? undefined : traceMemory<Content>(limits, policy, ({ size }) => size);
  const onDisk = disk === undefined ? undefined : new WatchedDisk({ ...disk, ...entriesOf('disk') });
  const maxBytes = nearest === 'redis' ? limits.maxBytes : redis?.maxBytes;
  const onRedis =
    redis === undefined
      ? undefined
      : new RunRedis(namespace, {
          url: redis.address.url,
          ...entriesOf('redis'),
          ...(maxBytes !== undefined && { maxBytes }),
        });
  const all: readonly Tier[] = [memory, onDisk, onRedis].filter((tier) => tier !== undefined);
  return { memory, disk: onDisk, redis: onRedis, all: all as MadeTiers['all'] };

  /** Entries are counted in the nearest tier alone. */
  function entriesOf(tier: AskedTiers['nearest']): { readonly maxEntries?: number } {
    return nearest === tier && limits.maxEntries !== undefined ? { maxEntries: limits.maxEntries } : {};
  }
}
