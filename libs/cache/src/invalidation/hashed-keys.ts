import { hashToHex, type KeyHasher } from '#libs/sampling';
import { namespacePrefix, withoutNamespace } from '../key/cache-key.js';

/** Keys that are no longer held are forgotten when there are so many more of them than of entries. */
const SPARE = 1_000;

/**
 * The keys that memory may hold, by their hashes, so that a hash that is heard leads to its entry without a walk. It costs,
 * by estimate, some 150 bytes and 300 ns for each entry that is written, and only where a cache has a bus.
 */
export class HashedKeys {
  readonly #keys = new Map<string, string>();

  constructor(
    private readonly hasher: KeyHasher,
    private readonly memory: { readonly size: () => number; readonly holds: (key: string) => boolean },
  ) {}

  hash(text: string): string {
    return hashToHex(this.hasher.hash(text));
  }

  /** The hash of the namespaces that a prefix of an encoded key is in; that of the empty text when it is in none. */
  hashOfNamespace(prefix: string): string {
    return this.hash(prefix.slice(0, prefix.length - withoutNamespace(prefix).encoded.length));
  }

  /** Whether a key is in a namespace of which the hash is given, or in one within it. */
  isWithin(key: string, namespaces: ReadonlySet<string>): boolean {
    let within = '';
    for (const name of withoutNamespace(key).namespace) {
      within += namespacePrefix(name);
      if (namespaces.has(this.hash(within))) return true;
    }
    return false;
  }

  /** Memory was given an entry. */
  add(key: string): void {
    this.#keys.set(this.hash(key), key);
    if (this.#keys.size > 2 * this.memory.size() + SPARE)
      for (const [hash, one] of this.#keys) if (!this.memory.holds(one)) this.#keys.delete(hash);
  }

  /** The key that has this hash, if memory may hold it. */
  key(hash: string): string | undefined {
    return this.#keys.get(hash);
  }
}
