import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tierContract } from '../testing/index.js';
import { disk } from './disk-tier.js';
import { jsonCodec } from './value-codec.js';

for (const [name, codec] of [
  ['The disk tier', undefined],
  ['The disk tier with JSON', jsonCodec],
] as const)
  tierContract(
    name,
    async () => {
      const path = mkdtempSync(join(tmpdir(), 'alperf-cache-'));
      return {
        tier: ({ maxBytes = 2 ** 30, maxEntries }) =>
          disk({ path, maxBytes, ...(maxEntries !== undefined && { maxEntries }), ...(codec && { codec }) }),
        dispose: async () => rmSync(path, { recursive: true }),
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
