export { Evictor, type EvictionSetting } from './evictor.js';
export { createPolicy } from './create-policy.js';
export { POLICY_NAMES, type Policy, type PolicyName } from './policy.js';
export { ALL_SAMPLED, CHOSEN_FROM, PolicyChooser, sampleOf } from './policy-chooser.js';
export { Simulation } from './simulation.js';
export { NONE, Slots } from './slots.js';
