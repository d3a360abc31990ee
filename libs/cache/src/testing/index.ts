export {
  globalRunner,
  tierContract,
  type TierBench,
  type TierContractRunner,
  type TierTraits,
} from './tier-contract.js';
export { FakeFarTier, FakeStore } from './fake-far-tier.js';
export { RecordingTierRecorder } from './recording-tier-recorder.js';
export { canonical } from './canonical.js';
export { invalidationContract, type InvalidationBench } from './invalidation-contract.js';
export { LocalInvalidations } from './local-invalidations.js';
