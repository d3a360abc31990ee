import { NO_RECORDER } from '#libs/contracts';
import type { EvictionSetting, PolicyName } from '#libs/cache-policies';
import type { MemoryTier } from '#libs/cache';
import { KeyHasher } from '#libs/sampling';
import type { Clock } from '#libs/time';
import type { CacheLimits } from '../trace/cache-size.js';
import { sizeOf, traceMemory } from '../trace/trace-memory.js';
import type { TraceAccess } from '../trace/trace-parser.js';

/** Accesses between two looks at the policy in force. */
const LOOK_EVERY = 256;
/** The same in every run, so that runs are alike: what is simulated keeps nothing secret. */
const SALT = 'a simulation';

/** What came of a trace under one policy. */
export interface Simulated {
  readonly policy: EvictionSetting;
  /** The policy in force at the end: of `adaptive`, the one it has chosen. */
  readonly policyAtEnd: PolicyName;
  /** When `adaptive` took another one: after how many requests, to within 256, and which. */
  readonly changes: readonly { readonly after: number; readonly policy: PolicyName }[];
  readonly requests: number;
  readonly hits: number;
  readonly misses: number;
  /** Hits per request; 0 without requests. */
  readonly hitRatio: number;
  /** Bytes of the hits per bytes asked for; null when the trace has no sizes. */
  readonly byteHitRatio: number | null;
  readonly evicted: number;
  /** Entries larger than all of the cache. */
  readonly rejected: number;
  /** Held at the end; bytes only under a limit of bytes. */
  readonly entries: number;
  readonly bytes: number | null;
  /** Time in the cache per request, nanoseconds; the trace's reading and parsing left out. */
  readonly nsPerAccess: number;
}

/** A trace through a memory tier, filled on a miss. Every access is O(1), amortized. */
export class SimulatedCache {
  readonly #policy: EvictionSetting;
  readonly #clock: Clock;
  readonly #tier: MemoryTier;
  readonly #changes: { after: number; policy: PolicyName }[] = [];
  #inForce: PolicyName;
  #requests = 0;
  #hits = 0;
  #bytes = 0;
  #bytesHit = 0;
  #sized = false;
  #evicted = 0;
  #rejected = 0;
  #tookMs = 0;

  constructor(policy: EvictionSetting, limits: CacheLimits, clock: Clock) {
    this.#policy = policy;
    this.#clock = clock;
    this.#tier = traceMemory<number>(limits, policy, (size) => size);
    const hasher = new KeyHasher(SALT);
    this.#tier.attach({
      cache: 'simulated',
      clock,
      random: () => 0,
      onProblem: () => undefined,
      recorder: {
        ...NO_RECORDER,
        hashKey: (key) => hasher.hash(key),
        removed: (cause, count = 1) => {
          if (cause === 'evicted') this.#evicted += count;
          if (cause === 'rejected') this.#rejected += count;
        },
      },
    });
    this.#inForce = this.#tier.policy;
  }

  /** Takes part of a trace. */
  access(accesses: readonly TraceAccess[]): void {
    for (let from = 0; from < accesses.length; from += LOOK_EVERY) {
      const to = Math.min(accesses.length, from + LOOK_EVERY);
      const startedAt = this.#clock.monotonic();
      for (let at = from; at < to; at++) this.#access(accesses[at]!);
      this.#tookMs += this.#clock.monotonic() - startedAt;
      this.#requests += to - from;
      const { policy } = this.#tier;
      if (policy === this.#inForce) continue;
      this.#inForce = policy;
      this.#changes.push({ after: this.#requests, policy });
    }
  }

  #access(access: TraceAccess): void {
    const { key, size } = access;
    const hit = this.#tier.hit(key) !== undefined;
    if (hit) this.#hits++;
    else {
      this.#tier.missed(key);
      this.#tier.put(key, { value: sizeOf(access), negative: false, freshMs: Number.POSITIVE_INFINITY, staleMs: 0 });
    }
    if (size === undefined) return;
    this.#sized = true;
    this.#bytes += size;
    if (hit) this.#bytesHit += size;
  }

  /** Lets go of the cache. */
  async end(): Promise<Simulated> {
    const { entries, bytes } = this.#tier.usage();
    await this.#tier.close();
    return {
      policy: this.#policy,
      policyAtEnd: this.#inForce,
      changes: this.#changes,
      requests: this.#requests,
      hits: this.#hits,
      misses: this.#requests - this.#hits,
      hitRatio: this.#requests === 0 ? 0 : this.#hits / this.#requests,
      byteHitRatio: !this.#sized ? null : this.#bytes === 0 ? 0 : this.#bytesHit / this.#bytes,
      evicted: this.#evicted,
      rejected: this.#rejected,
      entries,
      bytes: bytes ?? null,
      nsPerAccess: this.#requests === 0 ? 0 : Math.round((this.#tookMs * 1e7) / this.#requests) / 10,
    };
  }
}
