import type { EntryInfo, Selection } from '../tier/tier.js';
import { matcher } from '../tier/selection.js';

const MOST_KEYS = 10_000;
const MOST_MANY = 100;

/**
 * What should have been removed or overwritten, and could not: none of it may be answered, until it is removed. Beyond its
 * bounds, and for predicates, that is everything.
 */
export class Debts {
  readonly #keys = new Set<string>();
  #many: { readonly selection: Selection; readonly matches: (info: EntryInfo) => boolean }[] = [];

  get none(): boolean {
    return this.#keys.size === 0 && this.#many.length === 0;
  }

  owe(selection: Selection): void {
    if (this.#owesAll) return;
    if ('key' in selection && this.#keys.size < MOST_KEYS) this.#keys.add(selection.key);
    else if (('tag' in selection || 'prefix' in selection) && this.#many.length < MOST_MANY) {
      if (!this.#many.some((one) => same(one.selection, selection)))
        this.#many.push({ selection, matches: matcher(selection) });
    } else {
      this.forgive();
      this.#many = [{ selection: { all: true }, matches: () => true }];
    }
  }

  /** The key was written or removed since. */
  paid(key: string): void {
    this.#keys.delete(key);
  }

  paidMany(selection: Selection): void {
    this.#many = this.#many.filter((one) => !same(one.selection, selection));
  }

  /** Everything was removed since. */
  forgive(): void {
    this.#keys.clear();
    this.#many = [];
  }

  hides(info: EntryInfo): boolean {
    return this.#keys.has(info.key) || this.#many.some(({ matches }) => matches(info));
  }

  all(): Selection[] {
    return [...Array.from(this.#keys, (key) => ({ key })), ...this.#many.map(({ selection }) => selection)];
  }

  get #owesAll(): boolean {
    return this.#many.some(({ selection }) => 'all' in selection);
  }
}

function same(one: Selection, other: Selection): boolean {
  if ('tag' in one) return 'tag' in other && one.tag === other.tag;
  if ('prefix' in one) return 'prefix' in other && one.prefix === other.prefix;
  return false;
}
