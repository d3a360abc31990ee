export {
  afterBreak,
  RESOLVED_RETENTION_MS,
  step,
  type Alert,
  type AlertingRule,
  type AlertPhase,
  type AlertState,
  type Observation,
  type Step,
  type Transition,
} from './alert-state.js';
export { DuplicateAlertError } from './errors.js';
export { fingerprintOf, type Labels } from './labels.js';
