import { PipelineError } from '#libs/contracts';

/** One thing that is wrong with options: where, and what to do. */
export interface OptionProblem {
  /** Such as `tiers[0].maxBytes`. */
  readonly path: string;
  /** What is wrong, and what would be right. */
  readonly message: string;
}

/** Options that no cache can be made of; it lists all that is wrong with them. */
export class CacheOptionsError extends PipelineError {
  /** `subject`: what the options are of, such as `cache covers`. */
  constructor(
    subject: string,
    readonly problems: readonly OptionProblem[],
  ) {
    const lines = problems.map(({ path, message }) => `  ${path}: ${message}`);
    super('CACHE_OPTIONS', `The options of ${subject} are not right:\n${lines.join('\n')}`, false);
  }
}

/** The cache was closed before the call, or while a load was under way. */
export class CacheClosedError extends PipelineError {
  constructor(cache: string) {
    super('CACHE_CLOSED', `Cache ${cache} is closed. Close it last, when nothing uses it any more.`, false);
  }
}

/** What a load waits for: its tiers, another process that has the lock of its key, its turn among others, its loader. */
export type AwaitedByLoad = 'tiers' | 'process' | 'turn' | 'loader';

const LOAD_TIMEOUTS: Readonly<Record<AwaitedByLoad, (cache: string, limitMs: number) => string>> = {
  tiers: (cache, limitMs) =>
    `A load of cache ${cache} waited ${limitMs} ms for its tiers, and its loader was not called. Raise hardTimeout, or lower the timeouts of the tiers.`,
  process: (cache, limitMs) =>
    `A load of cache ${cache} waited ${limitMs} ms for another process that loads the same entry, and its loader was not called. Raise hardTimeout, or have the loader give up earlier.`,
  turn: (cache, limitMs) =>
    `A load of cache ${cache} waited ${limitMs} ms for its turn, and its loader was not called. Raise maxConcurrentLoads or hardTimeout.`,
  loader: (cache, limitMs) =>
    `A loader of cache ${cache} took longer than ${limitMs} ms. Raise hardTimeout, or have the loader give up earlier.`,
};

/**
 * A load took longer than the hard timeout; what its loader comes to all the same is dropped. The message says what it
 * waited for then: the loader itself may not have been called yet.
 */
export class LoadTimeoutError extends PipelineError {
  constructor(cache: string, limitMs: number, waitedFor: AwaitedByLoad = 'loader') {
    super('CACHE_LOAD_TIMEOUT', LOAD_TIMEOUTS[waitedFor](cache, limitMs), true);
  }
}

/** A loader waits, perhaps through others, for the very load that it is: it would wait for ever. */
export class LoopedLoadError extends PipelineError {
  constructor(cache: string) {
    super(
      'CACHE_LOOPED_LOAD',
      `A loader of cache ${cache} asked for an entry whose load waits for that loader. Load it from its origin there, or under another key.`,
      false,
    );
  }
}

/** A value is not what the cache's schema asks for: it was not kept. */
export class InvalidValueError extends PipelineError {
  constructor(
    cache: string,
    readonly issues: readonly string[],
  ) {
    super(
      'CACHE_INVALID_VALUE',
      `A value for cache ${cache} does not fit its schema: ${issues.join('; ')}. Correct the loader, or the schema.`,
      false,
    );
  }
}

/** An HTTP origin answered with neither the value, nor that there is none. Its URL is left out: it may say what is read. */
export class HttpLoadError extends PipelineError {
  constructor(readonly status: number) {
    super(
      'CACHE_ORIGIN_HTTP',
      `An HTTP origin answered ${status}. Look there why; staleIfError answers what is held meanwhile.`,
      status >= 500 || status === 429,
    );
  }
}

/** No loader was given, neither with the call nor with the cache. */
export class NoLoaderError extends PipelineError {
  constructor(cache: string) {
    super(
      'CACHE_NO_LOADER',
      `Cache ${cache} has nothing to load an entry with. Give the call or the cache a loader.`,
      false,
    );
  }
}

/**
 * Some entries of a batch could not be loaded. What could be is kept, and in `values`. Keys and values are for the code
 * that catches it alone: they are no fields, and so in no log that is written of the error.
 */
export class BatchLoadError<Key = unknown, Value = unknown> extends PipelineError {
  readonly #values: readonly (Value | undefined)[];
  readonly #failures: readonly { readonly key: Key; readonly error: unknown }[];

  constructor(
    cache: string,
    values: readonly (Value | undefined)[],
    failures: readonly { readonly key: Key; readonly error: unknown }[],
  ) {
    super(
      'CACHE_BATCH_LOAD',
      `${failures.length} of ${values.length} entries of cache ${cache} could not be loaded. The first failure is the cause; see failures and values.`,
      true,
      { cause: failures[0]?.error },
    );
    this.#values = values;
    this.#failures = failures;
  }

  /** One for each key asked for, in order; undefined where it failed or there is none. */
  get values(): readonly (Value | undefined)[] {
    return this.#values;
  }

  get failures(): readonly { readonly key: Key; readonly error: unknown }[] {
    return this.#failures;
  }
}

/** What is imported is no snapshot of a cache, is of another version, or breaks off. */
export class SnapshotError extends PipelineError {
  constructor(message: string) {
    super('CACHE_SNAPSHOT', message, false);
  }
}
