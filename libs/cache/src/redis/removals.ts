import type { RemovalCause } from '#libs/contracts';
import { matcher } from '../tier/selection.js';
import { TierUnavailableError, type EntryInfo, type Selection, type Touched } from '../tier/tier.js';
import { toBytes } from './key-bytes.js';
import type { Argument, Reply } from './link.js';
import type { OpenRedis } from './open-redis.js';
import * as scripts from './scripts.js';
import { lastId, rangeOf, walk } from './walking.js';

/** Removing from a Redis tier on request: a script for a key or for all, several for what else is selected. */
export class RedisRemovals {
  constructor(private readonly redis: OpenRedis) {}

  remove(selection: Selection, cause: RemovalCause): Promise<Touched> {
    if ('key' in selection) return this.removeKey(selection.key, cause);
    if ('all' in selection) return this.#removeAll(cause);
    if ('where' in selection) return this.#removeWhere(selection, cause);
    return this.#removeRange(selection, cause);
  }

  removeKey(key: string, cause: RemovalCause): Promise<Touched> {
    const { redis } = this;
    return redis.inOrder(() =>
      redis.write({ key }, async () => {
        const [entries, bytes] = await redis.run(scripts.REMOVE_KEY, [redis.instance, toBytes(key)]);
        return this.#removed(cause, { entries: Number(entries), bytes: Number(bytes) });
      }),
    );
  }

  /** What a removal would touch. */
  wouldRemove(selection: Selection): Promise<Touched> {
    return this.redis.inOrder(async () => {
      const matches = matcher(selection);
      const sum = { entries: 0, bytes: 0 };
      for await (const page of walk(this.redis, selection))
        for (const { info, there } of page)
          if (there && matches(info)) {
            sum.entries++;
            sum.bytes += info.bytes;
          }
      return sum;
    });
  }

  /** Removes what is owed. What cannot be removed stays so. */
  pay(selection: Selection): void {
    const { debts, context } = this.redis;
    if ('where' in selection) return;
    const paid = this.remove(selection, 'invalidated');
    const done = 'key' in selection || 'all' in selection ? paid : paid.then(() => debts.paidMany(selection));
    done.catch((error: unknown) => {
      if (!(error instanceof TierUnavailableError)) context.onProblem(error as Error);
    });
  }

  #removeAll(cause: RemovalCause): Promise<Touched> {
    const { redis } = this;
    return redis.inOrder(() =>
      redis.write({ all: true }, async () => {
        const [entries, bytes] = await redis.run(scripts.REMOVE_ALL, [redis.instance]);
        redis.debts.forgive();
        return this.#removed(cause, { entries: Number(entries), bytes: Number(bytes) });
      }),
    );
  }

  #removeRange(
    selection: { readonly tag: string } | { readonly prefix: string },
    cause: RemovalCause,
  ): Promise<Touched> {
    const { redis } = this;
    return redis.inOrder(() =>
      redis.write(selection, () =>
        redis.hidings.hide(matcher(selection), async () => {
          const { index, skipped, from, to } = rangeOf(selection);
          const told = 'tag' in selection ? ['t', toBytes(selection.tag)] : ['p', toBytes(selection.prefix)];
          const message = Buffer.concat(told.map((part) => Buffer.from(part)));
          const sum = { entries: 0, bytes: 0 };
          let below: Argument = '';
          for (let next: Argument = from; next.length > 0;) {
            const args: Argument[] = [redis.instance, message, index, String(skipped), next, to, below];
            const answers: readonly Reply[] = await redis.run(scripts.REMOVE_RANGE, args);
            sum.entries += Number(answers[0]);
            sum.bytes += Number(answers[1]);
            below = answers[2] as Buffer;
            next = answers[3] as Buffer;
          }
          return this.#removed(cause, sum);
        }),
      ),
    );
  }

  #removeWhere(
    selection: { readonly where: (key: string, entry: EntryInfo) => boolean },
    cause: RemovalCause,
  ): Promise<Touched> {
    const { redis } = this;
    const matches = matcher(selection);
    // Who comes later waits for the first part, so that the removal stands where it was called.
    const first = Promise.withResolvers<void>();
    const begun = redis.holdUp(first.promise);
    const remove = async () => {
      const sum = { entries: 0, bytes: 0 };
      const below = Number(await lastId(redis));
      for await (const page of walk(redis, selection)) {
        const found = page.filter(({ id, there, info }) => there && Number(id) <= below && matches(info));
        if (found.length > 0) {
          const args = found.flatMap(({ bytes, id }) => [bytes, id]);
          const [entries, bytes] = await redis.run(scripts.REMOVE_THESE, [redis.instance, ...args]);
          sum.entries += Number(entries);
          sum.bytes += Number(bytes);
        }
        first.resolve();
      }
      return this.#removed(cause, sum);
    };
    const hides = (info: EntryInfo) => {
      try {
        return matches(info);
      } catch {
        // The removal meets it, too, and rejects.
        return false;
      }
    };
    return redis.track(
      begun
        .then(() => redis.hidings.hide(hides, remove))
        .catch((error: unknown) => {
          // What a predicate was for is not known any more.
          if (error instanceof TierUnavailableError) redis.debts.owe({ all: true });
          throw error;
        })
        .finally(() => first.resolve()),
    );
  }

  #removed<T extends Touched>(cause: RemovalCause, touched: T): T {
    if (touched.entries > 0) this.redis.context.recorder.removed(cause, touched.entries);
    return touched;
  }
}
