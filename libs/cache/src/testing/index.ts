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
export { FakeClock } from '#libs/time/testing';
export { FailedAssertion } from './failed-assertion.js';
export {
  expectAbsent,
  expectCounts,
  expectFresh,
  expectNoStampede,
  expectStale,
  type CacheCountsWanted,
  type TierCounts,
} from './expectations.js';
export { interleave, Turns, type InterleaveOptions } from './interleave.js';
export { createOrigin, Origin, type OriginCall, type OriginOptions, type OriginStep } from './origin.js';
export { playTrace, traceWeigher, type PlayedCache, type TraceAccess, type TracePlayed } from './play-trace.js';
