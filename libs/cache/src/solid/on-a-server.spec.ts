import { expect, it } from '@jest/globals';
import { createComponent, isServer, renderToStringAsync, Suspense } from 'solid-js/web';
import { createOrigin } from '#libs/cache/testing';
import { aCache } from '../testing/a-cache.js';
import { createCachedResource } from './index.js';

it("renders on a server with Solid's build for servers: loaded once for two who show it, and followed by nobody", async () => {
  expect(isServer).toBe(true);
  const { cache } = aCache();
  const origin = createOrigin({ values: { a: 'Walden' } });
  const Cover = () => {
    const [title] = createCachedResource(() => 'a', cache, origin.load);
    return (() => title()) as unknown as string;
  };
  const page = () =>
    createComponent(Suspense, {
      get children() {
        return [createComponent(Cover, {}), createComponent(Cover, {})];
      },
    });
  const [html] = (await renderToStringAsync(page)).split('<script>');
  expect(html!.replace(/<!--.*?-->/g, '')).toBe('WaldenWalden');
  expect(origin.calls).toHaveLength(1);
  await cache.close();
});
