import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from '@jest/globals';
import { createCache } from '../cache.js';
import { memory } from '../memory/memory-tier.js';
import { httpLoader } from './http-loader.js';

it('asks an HTTP origin with the ETag of what is held, and keeps it while the origin says that it holds', async () => {
  const origin = { title: 'Walden', etag: '"1"', status: 200 };
  const asked: (string | undefined)[] = [];
  const server = createServer(({ headers, url }, response) => {
    const etag = headers['if-none-match'];
    asked.push(etag);
    if (url !== '/walden') response.writeHead(404).end('no');
    else if (origin.status !== 200) response.writeHead(origin.status).end('no');
    else if (etag === origin.etag) response.writeHead(304).end();
    else response.writeHead(200, { etag: origin.etag }).end(JSON.stringify({ title: origin.title }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const cache = createCache<string, { readonly title: string }>({
    name: 'covers',
    tiers: [memory({ maxEntries: 10 })],
    negativeTtl: '1m',
    loader: httpLoader({ url: (key) => base + key }),
  });

  const first = await cache.getOrLoad('walden');
  expect(first).toEqual({ title: 'Walden' });
  const same = await cache.revalidate('walden');
  expect(same.changed).toBe(false);
  expect(same.value).toBe(first);
  Object.assign(origin, { title: 'Walden, or Life in the Woods', etag: '"2"' });
  expect(await cache.revalidate('walden')).toEqual({ value: { title: origin.title }, changed: true });
  expect(asked).toEqual([undefined, '"1"', '"1"']);

  expect(await cache.getOrLoad('moby')).toBeUndefined();
  expect(await cache.getOrLoad('moby')).toBeUndefined();
  expect(asked).toHaveLength(4);
  origin.status = 503;
  await cache.delete('walden');
  await expect(cache.getOrLoad('walden')).rejects.toMatchObject({ code: 'CACHE_ORIGIN_HTTP', status: 503 });
  await cache.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
