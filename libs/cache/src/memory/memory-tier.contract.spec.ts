import { MemoryTier } from './memory-tier.js';
import { tierContract } from '../testing/index.js';

tierContract('The memory tier', async () => ({ tier: (limits) => new MemoryTier(limits) }));
