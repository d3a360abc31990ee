import { createPolicy, QUEUES_PER_POLICY } from './create-policy.js';
import type { Policy, PolicyName } from './policy.js';
import { PolicyChooser, sampleOf } from './policy-chooser.js';
import { NONE, type Slots } from './slots.js';

/** A policy by name, or the one that suits the accesses best at the time. */
export type EvictionSetting = PolicyName | 'adaptive';

/** What an adaptive evictor begins with: never bad in what was measured. */
const FIRST: PolicyName = 's3-fifo';
/** Entries that go over to the next policy with each operation. */
const MOVES_PER_OPERATION = 8;

/**
 * Runs a policy over the entries of a cache, and changes it while the cache runs: entries go over coldest first, a few
 * with every operation, so that nothing is lost and no operation is long. Adaptive, it follows a `PolicyChooser`.
 */
export class Evictor {
  readonly #slots: Slots;
  #current: Policy;
  #firstQueue = 1;
  #leaving: Policy | undefined;
  /** The policy to change to when the change under way is through. */
  #next: PolicyName | undefined;
  #setting: EvictionSetting;
  #chooser: PolicyChooser | undefined;
  #fitted = 0;
  #fittedFull = false;
  /** Something had to make room. */
  #full = false;

  /** See `Policy.usesCounted`: a cache may count a hit up to this in `slots.uses` by itself; 0 when `hit` must be called. */
  usesCounted = 0;
  /** Accesses to keys with `sampleOf(hash)` below it are to be told to `sampled`. 0: none. */
  sampleThreshold = 0;

  constructor(slots: Slots, setting: EvictionSetting) {
    this.#slots = slots;
    this.#setting = setting;
    this.#current = createPolicy(setting === 'adaptive' ? FIRST : setting, slots, this.#firstQueue);
    this.#adapt();
    this.#count();
  }

  get setting(): EvictionSetting {
    return this.#setting;
  }

  /** The policy in force. */
  get policy(): PolicyName {
    return this.#current.name;
  }

  /** Entries held: pinned ones are not. */
  get count(): number {
    return this.#current.count + (this.#leaving?.count ?? 0);
  }

  /** Entries that have not yet gone over to the policy in force. */
  get toMove(): number {
    return this.#leaving?.count ?? 0;
  }

  /** Changes the policy. O(1): the entries follow with the operations to come. */
  use(setting: EvictionSetting): void {
    this.#setting = setting;
    this.#adapt();
    this.#change(this.#chooser?.chosen ?? (setting as PolicyName));
  }

  add(slot: number): void {
    this.#current.add(slot);
    if (this.sampleThreshold === 0 && this.#chooser !== undefined) {
      this.#chooser.wake();
      this.sampleThreshold = this.#chooser.threshold;
    }
    if (this.#leaving !== undefined) this.#move();
  }

  hit(slot: number): void {
    if (this.#leaving !== undefined && this.#isLeaving(slot)) {
      this.#leaving.remove(slot);
      this.#current.adopt(slot);
    }
    this.#current.hit(slot);
    if (this.#leaving !== undefined) this.#move();
  }

  reweigh(slot: number, weight: number): void {
    this.#policyOf(slot).reweigh(slot, weight);
  }

  /** An entry leaves for another reason than to make room, or is pinned. */
  remove(slot: number): void {
    const hash = this.#slots.hash[slot]!;
    // What is gone is no hit to any policy: without this, short lives would count for those that keep entries long.
    if (sampleOf(hash) < this.sampleThreshold) this.#chooser?.forget(hash);
    this.#policyOf(slot).remove(slot);
  }

  /** Takes out the entry that is to make room; NONE when all are pinned, or there is none. */
  evict(): number {
    this.#full = true;
    if (this.#leaving !== undefined) this.#move();
    const slot = this.#current.evict();
    return slot === NONE && this.#leaving !== undefined ? this.#leaving.evict() : slot;
  }

  /** One access, hit or miss, to a key that is sampled. */
  sampled(hash: number): void {
    const chooser = this.#chooser;
    if (chooser === undefined) return;
    const entries = this.count;
    if (entries > this.#fitted * 1.1 || entries < this.#fitted / 1.1 || this.#full !== this.#fittedFull)
      this.#fit(entries);
    const better = chooser.access(hash);
    this.sampleThreshold = chooser.threshold;
    if (better !== undefined) this.#change(better);
  }

  /** Entries from the one that would leave first to the one that would leave last, about. */
  *order(): Iterable<number> {
    if (this.#leaving !== undefined) yield* this.#leaving.order();
    yield* this.#current.order();
  }

  /** Forgets every entry. An adaptive evictor stays with the policy in force, and judges anew. */
  clear(): void {
    this.#leaving = this.#next = undefined;
    this.#current.clear();
    this.#count();
    this.#full = false;
    this.#chooser = undefined;
    this.#adapt();
  }

  #adapt(): void {
    if (this.#setting === 'adaptive') {
      this.#chooser ??= new PolicyChooser(this.#current.name);
      this.#fit(this.count);
    } else {
      this.#chooser = undefined;
      this.sampleThreshold = 0;
    }
  }

  #fit(entries: number): void {
    this.#fitted = entries;
    this.#fittedFull = this.#full;
    this.#chooser!.fit(entries, this.#full);
    this.sampleThreshold = this.#chooser!.threshold;
  }

  #change(name: PolicyName): void {
    this.#next = undefined;
    if (name === this.#current.name) return;
    if (this.#leaving !== undefined) {
      // One change at a time: entries of three policies would need a third set of queues.
      this.#next = name;
      return;
    }
    this.#leaving = this.#current;
    this.#firstQueue = this.#firstQueue === 1 ? 1 + QUEUES_PER_POLICY : 1;
    this.#current = createPolicy(name, this.#slots, this.#firstQueue);
    this.#chooser?.teach(this.#current);
    if (this.#leaving.count === 0) this.#leaving = undefined;
    this.#count();
  }

  #move(): void {
    const leaving = this.#leaving!;
    for (let moves = 0; moves < MOVES_PER_OPERATION; moves++) {
      const slot = leaving.evict();
      if (slot === NONE) {
        this.#leaving = undefined;
        this.#count();
        if (this.#next !== undefined) this.#change(this.#next);
        return;
      }
      this.#current.adopt(slot);
    }
  }

  #count(): void {
    this.usesCounted = this.#leaving === undefined ? this.#current.usesCounted : 0;
  }

  #isLeaving(slot: number): boolean {
    const number = this.#slots.queue[slot]!;
    return number < this.#firstQueue || number >= this.#firstQueue + QUEUES_PER_POLICY;
  }

  #policyOf(slot: number): Policy {
    return this.#leaving !== undefined && this.#isLeaving(slot) ? this.#leaving : this.#current;
  }
}
