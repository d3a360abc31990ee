import type { Timer } from '#libs/time';
import type { RedisNews } from './news.js';
import type { OpenRedis } from './open-redis.js';
import type { RedisRemovals } from './removals.js';
import * as scripts from './scripts.js';

const TIDY_MS = 1_000;

/** What a Redis tier does by itself: it pays what is owed, and takes out what ended, was cleared or is too much. */
export class RedisUpkeep {
  #ups = 0;
  #timer: Timer | undefined;

  constructor(
    private readonly redis: OpenRedis,
    private readonly removals: RedisRemovals,
    private readonly news: RedisNews,
  ) {}

  /** Before anything else is sent: what was removed while the server was away goes now. */
  isUp(): void {
    for (const selection of this.redis.debts.all()) this.removals.pay(selection);
    // What others told meanwhile is lost: also when the server was away as the tier opened, and loads went on without it.
    if (this.#ups++ > 0 || this.#timer !== undefined) this.news.pass({ all: true });
  }

  /** Is there more to do? */
  async tidy(): Promise<boolean> {
    return (await this.redis.run(scripts.TIDY, this.redis.limitArguments()))[0] === 1;
  }

  schedule(delayMs = TIDY_MS): void {
    const { redis } = this;
    this.#timer = redis.context.clock.setTimer(
      () =>
        void redis.track(this.#tidyNow()).then((more) => {
          if (!redis.isClosing) this.schedule(more ? 0 : TIDY_MS);
        }),
      delayMs,
      { unref: true },
    );
  }

  stop(): void {
    this.#timer?.cancel();
  }

  async #tidyNow(): Promise<boolean> {
    if (!this.redis.link.isUp) return false;
    for (const selection of this.redis.debts.all()) this.removals.pay(selection);
    try {
      return await this.tidy();
    } catch {
      // The link tells when the server is away, and what is to be done is still to be done then.
      return false;
    }
  }
}
