export { stateStoreContract } from './state-store-contract.js';
export { type StateStoreHarness } from './harness.js';
