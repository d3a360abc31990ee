import type { Selection } from '../tier/tier.js';

/**
 * Sees what happens to a key while a value for it is on its way: a load, a read from a farther tier, a write that is
 * being checked. What was invalidated or overwritten meanwhile must not come in behind.
 */
export class Watch {
  #touched = false;
  #spoiled = false;
  #ended = false;
  #here = false;
  #afar = false;
  #tags: Set<string> | undefined;
  /** The one of the same key that began before it: mostly there is none. */
  next: Watch | undefined;

  /** `order`: that of their beginnings; `writes`: what it watches for is a write by the host, not a copy of what is. */
  constructor(
    readonly key: string,
    readonly order: number,
    readonly writes: boolean,
  ) {}

  /** Whether what comes may be older than something done since: a new reader must not join it. */
  get touched(): boolean {
    return this.#touched;
  }

  /** Whether a value with these tags may still be kept. */
  mayKeep(tags: readonly string[] | undefined): boolean {
    if (this.#spoiled || this.#ended) return false;
    return this.#tags === undefined || tags === undefined || !tags.some((tag) => this.#tags?.has(tag));
  }

  /** Nobody tells it any more what happens: what comes now, after a load was given up, is not kept. */
  end(): void {
    this.#ended = true;
  }

  /**
   * It was another process that went before it, and nothing here did: which of the two was first nobody knows. A write that
   * is dropped for it must at least leave nothing older behind.
   */
  get isInDoubt(): boolean {
    return this.#afar && !this.#here;
  }

  spoil(afar = false): void {
    this.#touched = this.#spoiled = true;
    if (afar) this.#afar = true;
    else this.#here = true;
  }

  /** Which tags a load's answer will have is known only when it has come. */
  spoilTag(tag: string, afar = false): void {
    this.#touched = true;
    if (afar) this.#afar = true;
    else this.#here = true;
    (this.#tags ??= new Set()).add(tag);
  }
}

/** All that is on its way into a cache. `changed` is O(1) for a key, O(all that is on its way) otherwise. */
export class Watches {
  /** The last begun of each key. */
  readonly #byKey = new Map<string, Watch>();
  #order = 0;

  begin(key: string, writes = false): Watch {
    const watch = new Watch(key, this.#order++, writes);
    watch.next = this.#byKey.get(key);
    this.#byKey.set(key, watch);
    return watch;
  }

  /** Harmless when it has ended. */
  end(watch: Watch): void {
    watch.end();
    const last = this.#byKey.get(watch.key);
    if (last === watch) {
      if (watch.next === undefined) this.#byKey.delete(watch.key);
      else this.#byKey.set(watch.key, watch.next);
      return;
    }
    for (let later = last; later !== undefined; later = later.next) if (later.next === watch) later.next = watch.next;
  }

  /** Tells what is on its way that entries were removed; `afar`: by another process, which may have done it before. */
  changed(selection: Selection, afar = false): void {
    if ('key' in selection) {
      this.overwrittenNow(selection.key, afar);
      return;
    }
    for (const [key, last] of this.#byKey) {
      // What a predicate would say of an entry that is not there yet nobody knows.
      if ('prefix' in selection && !key.startsWith(selection.prefix)) continue;
      for (let watch: Watch | undefined = last; watch !== undefined; watch = watch.next)
        if ('tag' in selection) watch.spoilTag(selection.tag, afar);
        else watch.spoil(afar);
    }
  }

  /** The keys of what is on its way. */
  keys(): Iterable<string> {
    return this.#byKey.keys();
  }

  /** Tells what is on its way that the key is overwritten at this moment. */
  overwrittenNow(key: string, afar = false): void {
    for (let watch = this.#byKey.get(key); watch !== undefined; watch = watch.next) watch.spoil(afar);
  }

  /** Tells what is on its way that `by` overwrites the key: writes that were asked for later go before it. */
  overwritten(by: Watch): void {
    for (let watch = this.#byKey.get(by.key); watch !== undefined; watch = watch.next)
      if (watch !== by && !(watch.writes && watch.order > by.order)) watch.spoil();
  }
}
