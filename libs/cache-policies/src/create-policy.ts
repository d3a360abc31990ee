import { Arc } from './arc.js';
import { Lru } from './lru.js';
import type { Policy, PolicyName } from './policy.js';
import { S3Fifo } from './s3-fifo.js';
import { Sieve } from './sieve.js';
import type { Slots } from './slots.js';
import { WTinyLfu } from './w-tinylfu.js';

/** A policy takes the queues from `firstQueue` on: at most so many. */
export const QUEUES_PER_POLICY = 3;

const POLICIES: Readonly<Record<PolicyName, new (slots: Slots, firstQueue: number) => Policy>> = {
  lru: Lru,
  sieve: Sieve,
  's3-fifo': S3Fifo,
  arc: Arc,
  'w-tinylfu': WTinyLfu,
};

/** A policy over these slots. Two policies may share slots when their queues differ. */
export function createPolicy(name: PolicyName, slots: Slots, firstQueue = 1): Policy {
  return new POLICIES[name](slots, firstQueue);
}
