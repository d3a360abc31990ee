// Without the schemas, which a page would have to carry.
import type { ControlCommand } from './commands.js';

/**
 * Whether a command is also for instances that start after it was given, while it is valid. What removes entries is: an
 * entry that must go may be in a tier on disk that the instance takes over, or come to it from an older copy. Anything
 * else would do harm there (an export of a cache that is still empty replaces the good snapshot) or is of no use.
 */
export function isForLater({ operation, dryRun }: Pick<ControlCommand, 'operation' | 'dryRun'>): boolean {
  return !dryRun && (operation.do === 'clear' || operation.do === 'invalidate');
}
