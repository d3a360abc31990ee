import { PipelineError } from '#libs/contracts';
import type { Clock } from '#libs/time';

const ATTEMPTS = 5;
const FIRST_WAIT_MS = 50;

/**
 * Does one write to ClickHouse, again after a wait when it failed in a way that may pass. Every write here may be done
 * twice: the same rows. A block is many writes; were each failure to begin it anew, a ClickHouse that fails every third
 * one would never take it.
 */
export async function persist(clock: Clock, write: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++)
    try {
      return await write();
    } catch (error) {
      const passes = error instanceof PipelineError && error.retriable;
      if (!passes || attempt === ATTEMPTS) throw error;
      await clock.sleep(FIRST_WAIT_MS * 2 ** (attempt - 1));
    }
}
