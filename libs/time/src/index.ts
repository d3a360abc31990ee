export { Clock, SystemClock, type Timer } from './clock.js';
export { fullJitter, type BackoffOptions } from './backoff.js';
export { within } from './within.js';
export { OneAtATime } from './one-at-a-time.js';
