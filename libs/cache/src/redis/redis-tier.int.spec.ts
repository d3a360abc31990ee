import { describeWithRedis } from '#test/support';
import { tierContract } from '../testing/index.js';
import { jsonCodec } from '../disk/value-codec.js';
import { createClient } from '@redis/client';
import { redis } from './redis-tier.js';

for (const [name, codec, count] of [
  ['The Redis tier', undefined, 52],
  ['The Redis tier with JSON', jsonCodec, 51],
] as const)
  describeWithRedis(`${name}, on a real server:`, count, (server) => {
    tierContract(
      name,
      async () => {
        const client = createClient({ url: server().url });
        await client.connect();
        await client.flushAll();
        await client.close();
        return {
          tier: ({ maxBytes, maxEntries }) =>
            redis({
              url: server().url,
              ...(maxBytes !== undefined && { maxBytes }),
              ...(maxEntries !== undefined && { maxEntries }),
              ...(codec && { codec }),
            }),
        };
      },
      {
        persistent: true,
        shared: true,
        locks: true,
        tellsRemoved: true,
        storedAtToleranceMs: 0,
        values: codec === undefined ? 'structured' : 'json',
      },
    );
  });
