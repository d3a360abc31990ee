import type { LoadNode } from './load-graph.js';

/**
 * Knows which load a call comes from, so that a loader that waits for itself is refused in place of deadlocked.
 *
 * A call cannot tell by its arguments who makes it; only the runtime follows a loader over its awaits. So the cache takes
 * Node's AsyncLocalStorage where the runtime has it, asked of `process.getBuiltinModule`: no import, so that the first
 * door runs and bundles everywhere, and no wiring that a service could forget. Elsewhere calls are known until a loader's
 * first await, and beyond it when the loader hands its context on (`within`); what neither sees ends by the hard timeout.
 * Having every loader hand on a context, or a Node door that has to be wired, would leave out those who need it most.
 */
export interface LoadScope {
  current(): LoadNode | undefined;
  run<Result>(load: LoadNode, call: () => Result): Result;
}

interface AsyncStorage {
  getStore(): LoadNode | undefined;
  run<Result>(load: LoadNode, call: () => Result): Result;
}

interface Runtime {
  readonly process?: {
    readonly getBuiltinModule?: (name: string) => { readonly AsyncLocalStorage?: new () => AsyncStorage } | undefined;
  };
}

let shared: LoadScope | undefined;

/** One for all caches of the process: loaders of one cache ask another. */
export function loadScope(): LoadScope {
  return (shared ??= asyncScope(globalThis) ?? new SynchronousScope());
}

/** Undefined where the runtime does not follow asynchronous calls. */
export function asyncScope(runtime: Runtime): LoadScope | undefined {
  const Storage = runtime.process?.getBuiltinModule?.('node:async_hooks')?.AsyncLocalStorage;
  if (Storage === undefined) return undefined;
  const storage = new Storage();
  return { current: () => storage.getStore(), run: (load, call) => storage.run(load, call) };
}

/** Knows a loader until its first await. */
export class SynchronousScope implements LoadScope {
  #current: LoadNode | undefined;

  current(): LoadNode | undefined {
    return this.#current;
  }

  run<Result>(load: LoadNode, call: () => Result): Result {
    const outer = this.#current;
    this.#current = load;
    try {
      return call();
    } finally {
      this.#current = outer;
    }
  }
}
