import assert from 'node:assert/strict';
import { SystemClock } from '#libs/time';
import type { InvalidationBus, InvalidationListener, InvalidationMessage } from '../invalidation/bus.js';
import { globalRunner, type TierContractRunner } from './tier-contract.js';

/** A way to test on, used by all tests one after the other. */
export interface InvalidationBench {
  /** A bus as one instance makes it. Called again, another one on the same way. */
  bus(): InvalidationBus;
  dispose?(): Promise<void>;
}

const clock = new SystemClock();

/** Holds an `InvalidationBus` to what the port promises. */
export function invalidationContract(
  name: string,
  make: () => Promise<InvalidationBench>,
  { describe, it }: TierContractRunner = globalRunner(),
): void {
  describe(`${name} keeps the contract of an invalidation bus: it`, () => {
    let bench: Promise<InvalidationBench> | undefined;
    let number = 0;
    const run = (does: string, test: (bench: InvalidationBench, cache: string) => Promise<void>) =>
      it(does, async () => test(await (bench ??= make()), `cache-${number++}`), 30_000);

    run('has every listener hear what is published from now on, in order', async ({ bus }, cache) => {
      const [one, other] = [bus(), bus()];
      await one.publish(aMessage(cache, 'before'));
      const ears = [new Ear(cache), new Ear(cache)];
      const subscriptions = [await one.subscribe(ears[0]!), await other.subscribe(ears[1]!)];
      const keys = Array.from({ length: 200 }, (_, i) => `key-${i}`);
      for (const key of keys) await one.publish(aMessage(cache, key));
      for (const ear of ears) await ear.until(keys.at(-1)!);
      for (const ear of ears) assert.deepEqual(withoutRepeats(ear.keys), keys);
      for (const subscription of subscriptions) await subscription.close();
    });

    run('gives back a message as it was, with many selections', async ({ bus }, cache) => {
      const ear = new Ear(cache);
      const subscription = await bus().subscribe(ear);
      const selections = Array.from({ length: 1_000 }, (_, i) => ({ tag: i.toString(16).padStart(16, '0') }));
      const message: InvalidationMessage = {
        cache,
        from: 'somebody',
        selections: [...selections, { namespace: 'ab' }, { all: true }, { key: 'last' }],
      };
      await bus().publish(message);
      await ear.until('last');
      assert.deepEqual(ear.messages.at(-1), message);
      await subscription.close();
    });

    run('has all of many hear what many publish at once', async ({ bus }, cache) => {
      const ears = Array.from({ length: 3 }, () => new Ear(cache));
      const subscriptions = await Promise.all(ears.map((ear) => bus().subscribe(ear)));
      const buses = [bus(), bus()];
      const keys = Array.from({ length: 40 }, (_, i) => `key-${i}`);
      await Promise.all(keys.map((key, i) => buses[i % 2]!.publish(aMessage(cache, key))));
      for (const ear of ears) for (const key of keys) await ear.until(key);
      assert.ok(ears.every(({ misses }) => misses === 0));
      for (const subscription of subscriptions) await subscription.close();
    });

    run('lets nothing be heard once closed, and lets itself be closed again', async ({ bus }, cache) => {
      const [gone, there] = [new Ear(cache), new Ear(cache)];
      const leaves = await bus().subscribe(gone);
      const stays = await bus().subscribe(there);
      await leaves.close();
      await leaves.close();
      await bus().publish(aMessage(cache, 'later'));
      await there.until('later');
      assert.deepEqual(gone.messages, []);
      await stays.close();
    });

    it('leaves nothing behind', async () => {
      await (await (bench ??= make())).dispose?.();
    }, 30_000);
  });
}

function aMessage(cache: string, key: string): InvalidationMessage {
  return { cache, from: 'somebody', selections: [{ key }] };
}

/** Messages may come more than once. */
function withoutRepeats(keys: readonly string[]): string[] {
  return [...new Set(keys)];
}

/** Listens to one cache. */
class Ear implements InvalidationListener {
  readonly messages: InvalidationMessage[] = [];
  misses = 0;

  constructor(private readonly cache: string) {}

  get keys(): string[] {
    return this.messages.flatMap(({ selections }) => selections.flatMap((one) => ('key' in one ? [one.key] : [])));
  }

  heard(message: InvalidationMessage): void {
    if (message.cache === this.cache) this.messages.push(message);
  }

  missed(): void {
    this.misses++;
  }

  /** The test's own limit ends it. */
  async until(key: string): Promise<void> {
    while (!this.keys.includes(key)) await clock.sleep(5);
  }
}
