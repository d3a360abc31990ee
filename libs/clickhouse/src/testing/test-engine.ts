import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedEngine, type EmbeddedEngine } from '../embedded/index.js';

export interface TestEngine extends EmbeddedEngine {
  readonly path: string;
}

/** A real engine on a directory of its own; `stop` removes it. */
export async function startTestEngine(): Promise<TestEngine> {
  const path = mkdtempSync(join(tmpdir(), 'alperf-engine-'));
  const engine = await startEmbeddedEngine({ path });
  return {
    ...engine,
    path,
    stop: async () => {
      await engine.stop();
      rmSync(path, { recursive: true, force: true });
    },
  };
}
