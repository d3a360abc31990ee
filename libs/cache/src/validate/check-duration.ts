import { NO_DURATION, parseDuration } from '../load/duration.js';

/** Tells of a duration that is given and is none. */
export function checkDuration(duration: unknown, path: string, add: (path: string, message: string) => void): void {
  if (duration !== undefined && parseDuration(duration) === undefined) add(path, `${String(duration)} ${NO_DURATION}`);
}
