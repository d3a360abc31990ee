import { FrequencySketch } from '../frequency-sketch.js';
import type { PolicyName } from '../policy.js';

export interface Item {
  readonly key: number;
  weight: number;
  uses: number;
}

/** What `Policy` is, as plain as it can be said: lists of items, oldest first, and searches through them. */
export interface ReferencePolicy {
  add(item: Item): void;
  adopt(item: Item): void;
  hit(item: Item): void;
  remove(item: Item): void;
  evict(): Item | undefined;
  /** From the one that would leave first. */
  order(): Item[];
}

export function referencePolicy(name: PolicyName): ReferencePolicy {
  return new REFERENCES[name]();
}

class ReferenceLru implements ReferencePolicy {
  items: Item[] = [];
  add(item: Item): void {
    this.items.push(item);
  }
  adopt(item: Item): void {
    this.add(item);
  }
  hit(item: Item): void {
    this.remove(item);
    this.items.push(item);
  }
  remove(item: Item): void {
    take(this.items, item);
  }
  evict(): Item | undefined {
    return this.items.shift();
  }
  order(): Item[] {
    return this.items;
  }
}

class ReferenceSieve implements ReferencePolicy {
  items: Item[] = [];
  /** Index of the item to look at first; past the end: the oldest. */
  hand = 0;
  add(item: Item): void {
    item.uses = 0;
    // The hand that was past the newest begins anew with the oldest, not with one that came since.
    if (this.hand >= this.items.length) this.hand = 0;
    this.items.push(item);
  }
  adopt(item: Item): void {
    this.add(item);
  }
  hit(item: Item): void {
    item.uses = 1;
  }
  remove(item: Item): void {
    if (this.items.indexOf(item) < this.hand) this.hand--;
    take(this.items, item);
  }
  evict(): Item | undefined {
    for (;;) {
      if (this.items.length === 0) return undefined;
      if (this.hand >= this.items.length) this.hand = 0;
      const item = this.items[this.hand]!;
      if (item.uses === 0) {
        this.items.splice(this.hand, 1);
        return item;
      }
      item.uses = 0;
      this.hand++;
    }
  }
  order(): Item[] {
    return [...this.items.filter(({ uses }) => uses === 0), ...this.items.filter(({ uses }) => uses > 0)];
  }
}

class ReferenceS3Fifo implements ReferencePolicy {
  small: Item[] = [];
  main: Item[] = [];
  ghosts: number[] = [];
  evicted = false;
  add(item: Item): void {
    item.uses = 0;
    const filling = !this.evicted && weight(this.small) > 0.1 * (weight(this.small) + weight(this.main));
    if (take(this.ghosts, item.key) || filling) this.main.push(item);
    else this.small.push(item);
  }
  adopt(item: Item): void {
    item.uses = 0;
    this.main.push(item);
  }
  hit(item: Item): void {
    item.uses = Math.min(3, item.uses + 1);
  }
  remove(item: Item): void {
    if (!take(this.small, item)) take(this.main, item);
  }
  evict(): Item | undefined {
    this.evicted = true;
    for (;;) {
      const smallIsFull = weight(this.small) >= 0.1 * (weight(this.small) + weight(this.main));
      if (this.small.length > 0 && (smallIsFull || this.main.length === 0)) {
        const item = this.small.shift()!;
        if (item.uses < 2) {
          remember(this.ghosts, item.key, Math.max(1, Math.round(0.9 * (this.small.length + this.main.length))));
          return item;
        }
        item.uses = 0;
        this.main.push(item);
      } else {
        const item = this.main.shift();
        if (item === undefined || item.uses === 0) return item;
        item.uses--;
        this.main.push(item);
      }
    }
  }
  order(): Item[] {
    return [...this.small, ...this.main];
  }
}

class ReferenceArc implements ReferencePolicy {
  t1: Item[] = [];
  t2: Item[] = [];
  b1: number[] = [];
  b2: number[] = [];
  /** The paper's p, as a share of what is held. */
  p = 0;
  add(item: Item): void {
    const c = this.t1.length + this.t2.length + 1;
    if (this.b1.includes(item.key)) {
      this.p = Math.min(1, this.p + (1 / c) * Math.max(1, this.b2.length / this.b1.length));
      take(this.b1, item.key);
      this.t2.push(item);
    } else if (this.b2.includes(item.key)) {
      this.p = Math.max(0, this.p - (1 / c) * Math.max(1, this.b1.length / this.b2.length));
      take(this.b2, item.key);
      this.t2.push(item);
    } else {
      this.t1.push(item);
      // The paper: |T1| + |B1| ≤ c, and all four together ≤ 2c. Eight at once are forgotten at most.
      forget(this.b1, c - this.t1.length);
      forget(this.b2, 2 * c - this.t1.length - this.t2.length - this.b1.length);
    }
  }
  adopt(item: Item): void {
    this.t1.push(item);
  }
  hit(item: Item): void {
    this.remove(item);
    this.t2.push(item);
  }
  remove(item: Item): void {
    if (!take(this.t1, item)) take(this.t2, item);
  }
  evict(): Item | undefined {
    const fromT1 = this.t2.length === 0 || weight(this.t1) > (weight(this.t1) + weight(this.t2)) * this.p;
    const item = (fromT1 ? this.t1 : this.t2).shift();
    if (item !== undefined) remember(fromT1 ? this.b1 : this.b2, item.key, Number.POSITIVE_INFINITY);
    return item;
  }
  order(): Item[] {
    return [...this.t1, ...this.t2];
  }
}

class ReferenceWTinyLfu implements ReferencePolicy {
  window: Item[] = [];
  probation: Item[] = [];
  guarded: Item[] = [];
  sketch = new FrequencySketch();
  candidate: Item | undefined;
  share = 0.1;
  step = 0.0625;
  hits = 0;
  requests = 0;
  lastRatio: number | undefined;
  add(item: Item): void {
    this.sketch.fit(this.order().length);
    this.sketch.add(item.key);
    this.window.push(item);
    const most = Math.max(1, weight(this.order()) * this.share);
    for (let moves = 0; moves < 8 && this.window.length > 1 && weight(this.window) > most; moves++) {
      this.candidate = this.window.shift()!;
      this.probation.push(this.candidate);
    }
    this.climb(false);
  }
  adopt(item: Item): void {
    this.sketch.fit(this.order().length);
    this.sketch.add(item.key);
    this.probation.push(item);
  }
  hit(item: Item): void {
    this.sketch.add(item.key);
    if (take(this.window, item)) this.window.push(item);
    else if (take(this.guarded, item)) this.guarded.push(item);
    else {
      this.remove(item);
      this.guarded.push(item);
      const most = 0.8 * (weight(this.probation) + weight(this.guarded));
      for (let moves = 0; moves < 8 && this.guarded.length > 1 && weight(this.guarded) > most; moves++)
        this.probation.push(this.guarded.shift()!);
    }
    this.climb(true);
  }
  remove(item: Item): void {
    if (this.candidate === item) this.candidate = undefined;
    void (take(this.window, item) || take(this.guarded, item) || take(this.probation, item));
  }
  evict(): Item | undefined {
    const victim = this.probation[0] ?? this.guarded[0] ?? this.window[0];
    const candidate = this.candidate ?? victim;
    if (victim === undefined || candidate === undefined) return undefined;
    const leaves = this.sketch.of(candidate.key) > this.sketch.of(victim.key) ? victim : candidate;
    this.candidate = undefined;
    this.remove(leaves);
    return leaves;
  }
  order(): Item[] {
    return [...this.probation, ...this.window, ...this.guarded];
  }
  climb(hit: boolean): void {
    if (hit) this.hits++;
    if (++this.requests < 10 * this.order().length) return;
    const ratio = this.hits / this.requests;
    const last = this.lastRatio;
    this.hits = this.requests = 0;
    this.lastRatio = ratio;
    if (last === undefined || ratio + last === 0) return;
    const change = ratio - last;
    const step = change >= 0 ? this.step : -this.step;
    this.step = Math.abs(change) >= 0.05 ? Math.sign(step) * 0.0625 : step * 0.98;
    this.share = Math.min(0.8, Math.max(0.005, this.share + this.step));
  }
}

const REFERENCES: Readonly<Record<PolicyName, new () => ReferencePolicy>> = {
  lru: ReferenceLru,
  sieve: ReferenceSieve,
  's3-fifo': ReferenceS3Fifo,
  arc: ReferenceArc,
  'w-tinylfu': ReferenceWTinyLfu,
};

function weight(items: readonly Item[]): number {
  return items.reduce((sum, item) => sum + item.weight, 0);
}

function take<T>(from: T[], item: T): boolean {
  const at = from.indexOf(item);
  if (at !== -1) from.splice(at, 1);
  return at !== -1;
}

function remember(ghosts: number[], key: number, most: number): void {
  take(ghosts, key);
  forget(ghosts, most - 1);
  ghosts.push(key);
}

/** Forgets the oldest beyond `most`, eight at once at most. */
function forget(ghosts: number[], most: number): void {
  ghosts.splice(0, Math.min(8, Math.max(0, ghosts.length - Math.max(0, most))));
}
