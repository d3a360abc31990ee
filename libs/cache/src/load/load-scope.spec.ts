import { expect, it } from '@jest/globals';
import { LoadNode } from './load-graph.js';
import { asyncScope, SynchronousScope } from './load-scope.js';

it('follows a loader over its awaits where the runtime can, and until the first one elsewhere', async () => {
  const load = new LoadNode();
  for (const scope of [asyncScope(globalThis)!, new SynchronousScope()]) {
    const seen = await scope.run(load, async () => {
      const first = scope.current();
      await Promise.resolve();
      return [first, scope.current()];
    });
    expect(seen).toEqual([load, scope instanceof SynchronousScope ? undefined : load]);
    expect(scope.current()).toBeUndefined();
  }
});

it('takes a runtime without built-in modules for one that cannot', () => {
  expect(asyncScope({})).toBeUndefined();
  expect(asyncScope({ process: {} })).toBeUndefined();
  expect(asyncScope({ process: { getBuiltinModule: () => undefined } })).toBeUndefined();
});
