/**
 * What was removed or overwritten, as others are told of it: by hashes under a secret of the service, since keys and tags may
 * say what somebody reads. A prefix and a predicate cannot be told so; they are told as the namespace that they are in.
 */
export type HashedSelection =
  { readonly key: string } | { readonly tag: string } | { readonly namespace: string } | { readonly all: true };

/** What one instance of a cache tells the others. */
export interface InvalidationMessage {
  /** Name of the cache. */
  readonly cache: string;
  /** Random id of the instance that tells; it knows its own by it. */
  readonly from: string;
  readonly selections: readonly HashedSelection[];
}

export interface InvalidationListener {
  heard(message: InvalidationMessage): void;
  /** Something was told that cannot be heard any more. */
  missed(): void;
}

/** Ends listening; may be called again. */
export interface InvalidationSubscription {
  close(): Promise<void>;
}

/**
 * The way by which instances of a cache tell each other what was invalidated, where no tier that they share does. Every
 * listener hears every message that is published after it began to listen, its own included, at least once; those of one
 * instance in the order they were published. What was published before is not heard: a cache that begins to listen empties its
 * memory. What cannot be heard, after an outage that was too long, is told by `missed`. Nothing is heard after `close`.
 */
export interface InvalidationBus {
  /** Resolves when the message will be heard. Rejects when that is not sure: the cache publishes it again. */
  publish(message: InvalidationMessage): Promise<void>;
  /** Resolves when it listens. Rejects when it cannot: the cache tries again. */
  subscribe(listener: InvalidationListener): Promise<InvalidationSubscription>;
}
