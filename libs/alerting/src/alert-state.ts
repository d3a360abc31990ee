import { DuplicateAlertError } from './errors.js';
import { byCodePoint, fingerprintOf, type Labels } from './labels.js';

/** What decides over the alerts of one rule, besides its observations. */
export interface AlertingRule {
  /** Becomes the label `alertname`. */
  readonly alert: string;
  /** How long an alert is pending before it fires, ms; 0 fires at once. */
  readonly forMs: number;
  /** How long a firing alert fires on after it was last observed, ms. */
  readonly keepFiringForMs: number;
  /** Added to the labels of each observation; they win over those. */
  readonly labels: Labels;
}

/** One thing that is wrong at the time of the evaluation. What is not observed is well. */
export interface Observation {
  readonly labels: Labels;
  readonly value: number;
  readonly annotations: Labels;
}

/** As in Prometheus; an inactive alert that is still known has been resolved. */
export type AlertPhase = 'inactive' | 'pending' | 'firing';

/** Times are those of evaluations, ms since 1970. */
export interface Alert {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly state: AlertPhase;
  readonly value: number;
  /** First observed at. */
  readonly activeAt: number;
  /** Has fired since; undefined before that. */
  readonly firedAt?: number;
  /** Fires on although it is no longer observed, since. */
  readonly keepFiringSince?: number;
  /** Inactive since. */
  readonly resolvedAt?: number;
}

/** The alerts of one rule by fingerprint of their labels. */
export type AlertState = ReadonlyMap<string, Alert>;

/** One alert that went from one state to another. */
export interface Transition {
  readonly at: number;
  readonly from: AlertPhase;
  readonly to: AlertPhase;
  /** As it is afterwards; one that was dropped while pending as it was before. */
  readonly alert: Alert;
}

export interface Step {
  readonly state: AlertState;
  /** In the order of fingerprints, so that the same input has the same output to the byte. */
  readonly transitions: readonly Transition[];
}

/** How long a resolved alert stays known, ms: whoever is told of it may have to be told again. */
export const RESOLVED_RETENTION_MS = 900_000;

/**
 * One evaluation of one rule. Pure: the time is handed in, the state that was is left as it is.
 *
 * The semantics are Prometheus': a new alert is pending and fires when `at - activeAt >= for`; one that is missing while
 * pending is dropped; one that is missing while firing fires on while `at - keepFiringSince < keep_firing_for`, then is
 * inactive. An evaluation that failed must not be stepped: it leaves everything as it is.
 *
 * Two differences, where a clock that is set back would do harm: a pending alert then waits from the new time on, since
 * it would else wait for as long as the clock went back; a firing one goes back to pending only when `for` was raised.
 *
 * @throws DuplicateAlertError when two observations have the same labels.
 */
export function step(rule: AlertingRule, state: AlertState, at: number, observations: readonly Observation[]): Step {
  const observed = identify(rule, observations);
  const next = new Map<string, Alert>();
  for (const [fingerprint, alert] of state)
    if (!observed.has(fingerprint)) {
      const left = withoutObservation(rule, alert, at);
      if (left !== undefined) next.set(fingerprint, left);
    }
  for (const [fingerprint, observation] of observed)
    next.set(fingerprint, withObservation(rule, state.get(fingerprint), at, observation));
  const sorted = new Map([...next].sort(([a], [b]) => byCodePoint(a, b)));
  return { state: sorted, transitions: transitionsBetween(state, sorted, at) };
}

/**
 * The state after a time in which nothing was evaluated: what is pending has not waited meanwhile, since nobody knows
 * whether it was still wrong. As Prometheus restores what was pending when it stopped. Pure.
 */
export function afterBreak(state: AlertState, breakMs: number): AlertState {
  return new Map(
    [...state].map(([fingerprint, alert]) => [
      fingerprint,
      alert.state === 'pending' ? { ...alert, activeAt: alert.activeAt + breakMs } : alert,
    ]),
  );
}

function identify(rule: AlertingRule, observations: readonly Observation[]): Map<string, Observation> {
  const found = new Map<string, Observation>();
  for (const observation of observations) {
    const labels = { ...observation.labels, ...rule.labels, alertname: rule.alert };
    const fingerprint = fingerprintOf(labels);
    if (found.has(fingerprint)) throw new DuplicateAlertError(rule.alert, fingerprint);
    found.set(fingerprint, { ...observation, labels });
  }
  return found;
}

function withObservation(rule: AlertingRule, known: Alert | undefined, at: number, observation: Observation): Alert {
  const { labels, annotations, value } = observation;
  // One that was resolved begins anew.
  const before = known?.state === 'inactive' ? undefined : known;
  const seen = { labels, annotations, value };
  const activeAt =
    before === undefined ? at : before.state === 'pending' ? Math.min(before.activeAt, at) : before.activeAt;
  const firedAt = before?.firedAt;
  const mayFire = at - activeAt >= rule.forMs || (firedAt !== undefined && firedAt - activeAt >= rule.forMs);
  return mayFire
    ? { ...seen, state: 'firing', activeAt, firedAt: firedAt ?? at }
    : { ...seen, state: 'pending', activeAt };
}

/** Undefined: it is not known any longer. */
function withoutObservation(rule: AlertingRule, alert: Alert, at: number): Alert | undefined {
  const { keepFiringSince: since, ...rest } = alert;
  if (alert.state === 'pending') return undefined;
  if (alert.state === 'inactive') return at - (alert.resolvedAt ?? at) > RESOLVED_RETENTION_MS ? undefined : alert;
  const keepFiringSince = since === undefined ? at : Math.min(since, at);
  if (at - keepFiringSince < rule.keepFiringForMs) return { ...rest, keepFiringSince };
  return { ...rest, state: 'inactive', resolvedAt: at };
}

function transitionsBetween(before: AlertState, after: AlertState, at: number): Transition[] {
  const transitions: Transition[] = [];
  for (const fingerprint of [...new Set([...before.keys(), ...after.keys()])].sort(byCodePoint)) {
    const was = before.get(fingerprint);
    const is = after.get(fingerprint);
    const from = was?.state ?? 'inactive';
    const to = is?.state ?? 'inactive';
    if (from !== to) transitions.push({ at, from, to, alert: (is ?? was)! });
  }
  return transitions;
}
