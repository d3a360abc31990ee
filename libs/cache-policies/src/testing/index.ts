export { aCache, hashOf, loop, randomFrom, recent, zipf } from './a-cache.js';
