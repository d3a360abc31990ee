export { Clock, SystemClock, type Timer } from './clock.js';
export { fullJitter, type BackoffOptions } from './backoff.js';
export { within } from './within.js';
export { OneAtATime } from './one-at-a-time.js';
export { pauseAfter } from './paced.js';
export { PacedReading } from './paced-reading.js';
export { DAY_MS, HOUR_MS, MINUTE_MS } from './units.js';
export { systemRandom } from './system-random.js';
