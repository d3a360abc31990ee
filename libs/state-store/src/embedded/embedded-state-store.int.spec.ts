import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stateStoreContract } from '../testing/index.js';
import { EmbeddedStateStore } from './embedded-state-store.js';

stateStoreContract('The embedded state store', async () => {
  const path = await mkdtemp(join(tmpdir(), 'alperf-state-'));
  return { open: () => EmbeddedStateStore.open({ path }), dispose: () => rm(path, { recursive: true }) };
});
