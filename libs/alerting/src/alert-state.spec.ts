import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  afterBreak,
  RESOLVED_RETENTION_MS,
  step,
  type Alert,
  type AlertingRule,
  type AlertPhase,
  type AlertState,
  type Observation,
} from './alert-state.js';
import { DuplicateAlertError } from './errors.js';
import { fingerprintOf } from './labels.js';

const MINUTE = 60_000;
const aRule = (over: Partial<AlertingRule> = {}): AlertingRule => ({
  alert: 'Hot',
  forMs: 5 * MINUTE,
  keepFiringForMs: 0,
  labels: { severity: 'warning' },
  ...over,
});
const seen = (room = '1', value = 1): Observation => ({
  labels: { room },
  value,
  annotations: { summary: `Room ${room} is hot.` },
});
const labels = { room: '1', severity: 'warning', alertname: 'Hot' };
const fingerprint = fingerprintOf(labels);
const stateOf = (alert: Partial<Alert> | undefined): AlertState =>
  new Map(
    alert === undefined
      ? []
      : [[fingerprint, { labels, annotations: {}, value: 1, state: 'pending', activeAt: 0, ...alert } as Alert]],
  );

/** Evaluates at each time with what is seen then, and says in which state the one alert is after each. */
function run(rule: AlertingRule, evaluations: readonly (readonly [minute: number, isSeen: boolean])[]): AlertPhase[] {
  let state: AlertState = new Map();
  return evaluations.map(([minute, isSeen]) => {
    state = step(rule, state, minute * MINUTE, isSeen ? [seen()] : []).state;
    return state.get(fingerprint)?.state ?? 'inactive';
  });
}

describe('A break in the evaluation', () => {
  it('is no time that a pending alert has waited', () => {
    const rule = aRule();
    const before = step(rule, new Map(), 0, [seen()]).state;
    const waited = step(rule, before, 3 * MINUTE, [seen()]).state;
    const back = afterBreak(waited, 60 * MINUTE);
    const phaseAt = (minute: number) => step(rule, back, minute * MINUTE, [seen()]).state.get(fingerprint)!.state;
    expect([63, 64.9, 65].map(phaseAt)).toEqual(['pending', 'pending', 'firing']);
    expect(waited.get(fingerprint)!.activeAt).toBe(0);
  });

  it('changes nothing of what fires or is resolved', () => {
    for (const state of ['firing', 'inactive'] as const)
      expect(afterBreak(stateOf({ state, firedAt: 1 }), MINUTE)).toEqual(stateOf({ state, firedAt: 1 }));
  });
});

describe('An alert', () => {
  // Every state, seen and not seen, on both sides of each limit: [before, rule, minute, seen] → state, and what is kept of it.
  const firing = { state: 'firing', activeAt: 0, firedAt: 5 * MINUTE } as const;
  const kept = { ...firing, keepFiringSince: 10 * MINUTE } as const;
  const resolved = { ...firing, state: 'inactive', resolvedAt: 10 * MINUTE } as const;
  const forever = { forMs: 5 * MINUTE, keepFiringForMs: 3 * MINUTE };
  it.each<[string, Partial<Alert> | undefined, Partial<AlertingRule>, number, boolean, Partial<Alert> | undefined]>([
    ['new with for', undefined, {}, 1, true, { state: 'pending', activeAt: MINUTE }],
    ['new without for', undefined, { forMs: 0 }, 1, true, { state: 'firing', activeAt: MINUTE, firedAt: MINUTE }],
    ['not there, not seen', undefined, {}, 1, false, undefined],
    ['pending, just below for', {}, {}, 4.999, true, { state: 'pending', activeAt: 0 }],
    ['pending, at for', {}, {}, 5, true, { state: 'firing', activeAt: 0, firedAt: 5 * MINUTE }],
    ['pending, not seen', {}, {}, 5, false, undefined],
    ['pending, clock set back', { activeAt: 9 * MINUTE }, {}, 2, true, { state: 'pending', activeAt: 2 * MINUTE }],
    ['firing, seen', firing, {}, 9, true, { state: 'firing', firedAt: 5 * MINUTE }],
    ['firing, clock set back', firing, {}, 2, true, { state: 'firing', firedAt: 5 * MINUTE }],
    ['firing, for raised', firing, { forMs: 20 * MINUTE }, 9, true, { state: 'pending', activeAt: 0 }],
    ['firing, not seen', firing, {}, 9, false, { state: 'inactive', resolvedAt: 9 * MINUTE }],
    ['firing, not seen, kept', firing, forever, 10, false, { state: 'firing', keepFiringSince: 10 * MINUTE }],
    ['kept, just below its end', kept, forever, 12.999, false, { state: 'firing', keepFiringSince: 10 * MINUTE }],
    ['kept, at its end', kept, forever, 13, false, { state: 'inactive', resolvedAt: 13 * MINUTE }],
    ['kept, seen again', kept, forever, 12, true, { state: 'firing', firedAt: 5 * MINUTE }],
    ['kept, clock set back', kept, forever, 9, false, { state: 'firing', keepFiringSince: 9 * MINUTE }],
    ['resolved, not seen', resolved, {}, 25, false, { state: 'inactive', resolvedAt: 10 * MINUTE }],
    ['resolved, forgotten', resolved, {}, 25.001, false, undefined],
    ['resolved, seen again', resolved, {}, 11, true, { state: 'pending', activeAt: 11 * MINUTE }],
  ])('%s', (_, before, rule, minute, isSeen, after) => {
    const state = stateOf(before);
    const stepped = step(aRule(rule), state, minute * MINUTE, isSeen ? [seen()] : []);
    const found = stepped.state.get(fingerprint);
    if (after === undefined) expect(found).toBeUndefined();
    else expect(found).toMatchObject(after);
    const from = before?.state ?? (before === undefined ? 'inactive' : 'pending');
    const to = after?.state ?? 'inactive';
    expect(stepped.transitions.map((one) => [one.from, one.to])).toEqual(from === to ? [] : [[from, to]]);
    // What it was before belongs to the past: a resolved time in a firing alert would be a lie.
    if (found?.state === 'pending') expect(found).not.toHaveProperty('firedAt');
    if (found?.state !== 'inactive') expect(found ?? {}).not.toHaveProperty('resolvedAt');
    if (isSeen) expect(found).not.toHaveProperty('keepFiringSince');
  });

  it('fires at the second evaluation when for is shorter than the interval', () => {
    const times = [0, 1, 2].map((minute) => [minute, true] as const);
    expect(run(aRule({ forMs: 1 }), times)).toEqual(['pending', 'firing', 'firing']);
  });

  it('waits anew after it was missed once while pending', () => {
    const times = [0, 4, 8, 12, 13].map((minute) => [minute, minute !== 4] as const);
    expect(run(aRule(), times)).toEqual(['pending', 'inactive', 'pending', 'pending', 'firing']);
  });

  it('is one for each set of labels, those of the rule and its name included', () => {
    const { state } = step(aRule({ forMs: 0 }), new Map(), 0, [seen('1'), seen('2')]);
    expect([...state.values()].map((one) => one.labels)).toEqual(
      expect.arrayContaining([labels, { ...labels, room: '2' }]),
    );
    for (const [key, alert] of state) expect(key).toBe(fingerprintOf(alert.labels));
  });

  it('cannot be two with the same labels: the evaluation fails', () => {
    expect(() => step(aRule(), new Map(), 0, [seen('1'), seen('1', 2)])).toThrow(DuplicateAlertError);
    // The rule's own labels win, and so make two the same.
    expect(() => step(aRule({ labels: { room: '9' } }), new Map(), 0, [seen('1'), seen('2')])).toThrow(
      DuplicateAlertError,
    );
  });

  it('shows the latest value and annotations', () => {
    const first = step(aRule({ forMs: 0 }), new Map(), 0, [seen('1', 3)]).state;
    const { state, transitions } = step(aRule({ forMs: 0 }), first, 1, [{ ...seen('1', 8), annotations: { a: 'b' } }]);
    expect(state.get(fingerprint)).toMatchObject({ value: 8, annotations: { a: 'b' }, activeAt: 0 });
    expect(transitions).toEqual([]);
  });
});

describe('A run of evaluations, whatever is seen in it', () => {
  const evaluation = fc.record({
    afterMs: fc.integer({ min: 1, max: 1_000 }),
    rooms: fc.uniqueArray(fc.constantFrom('1', '2', '3')),
  });
  const evaluations = fc.array(evaluation, { maxLength: 60 });
  const rule = fc.record({
    forMs: fc.integer({ min: 0, max: 3_000 }),
    keepFiringForMs: fc.integer({ min: 0, max: 3_000 }),
  });

  interface Point {
    readonly at: number;
    readonly rooms: readonly string[];
    readonly before: AlertState;
    readonly after: ReturnType<typeof step>;
  }

  function pointsOf(
    over: Partial<AlertingRule>,
    run: readonly { afterMs: number; rooms: readonly string[] }[],
  ): Point[] {
    let state: AlertState = new Map();
    let at = 0;
    return run.map(({ afterMs, rooms }) => {
      at += afterMs;
      const before = state;
      const after = step(
        aRule(over),
        state,
        at,
        rooms.map((room) => seen(room)),
      );
      state = after.state;
      return { at, rooms, before, after };
    });
  }

  it('agrees with what the definitions say, looked at from the whole history', () => {
    fc.assert(
      fc.property(rule, evaluations, (over, run) => {
        const points = pointsOf(over, run);
        points.forEach(({ at, rooms, after }, index) => {
          for (const room of ['1', '2', '3']) {
            const state = after.state.get(fingerprintOf({ ...labels, room }))?.state ?? 'inactive';
            expect(state).toBe(byDefinition(points.slice(0, index + 1), room, over));
            if (state === 'pending') expect(rooms).toContain(room);
          }
          for (const alert of after.state.values()) expect(alert.activeAt).toBeLessThanOrEqual(at);
        });
      }),
    );
  });

  /** The state after the last point: found backwards, from spells, not step by step. */
  function byDefinition(
    points: readonly Point[],
    room: string,
    { forMs, keepFiringForMs }: { forMs: number; keepFiringForMs: number },
  ): AlertPhase {
    // An episode is a run of evaluations without a gap that ends it: any gap while pending, one of keepFiringForMs while firing.
    let activeAt: number | undefined;
    let lastSeenGapAt: number | undefined;
    let fired = false;
    for (const { at, rooms } of points) {
      if (rooms.includes(room)) {
        activeAt ??= at;
        lastSeenGapAt = undefined;
        fired ||= at - activeAt >= forMs;
        continue;
      }
      lastSeenGapAt ??= at;
      if (!fired || at - lastSeenGapAt >= keepFiringForMs) {
        activeAt = undefined;
        fired = false;
        lastSeenGapAt = undefined;
      }
    }
    return activeAt === undefined ? 'inactive' : fired ? 'firing' : 'pending';
  }

  it('goes from state to state by its transitions alone, and never from nothing to resolved', () => {
    fc.assert(
      fc.property(rule, evaluations, (over, run) => {
        const told = new Map<string, AlertPhase>();
        for (const { at, after } of pointsOf(over, run)) {
          for (const { at: when, from, to, alert } of after.transitions) {
            const key = fingerprintOf(alert.labels);
            expect(when).toBe(at);
            expect(from).toBe(told.get(key) ?? 'inactive');
            expect(from).not.toBe(to);
            told.set(key, to);
          }
          for (const [key, alert] of after.state) expect(told.get(key) ?? 'inactive').toBe(alert.state);
        }
      }),
    );
  });

  it('leaves the state that was as it is, and comes to the same again from a copy of it', () => {
    fc.assert(
      fc.property(rule, evaluations, (over, run) => {
        for (const { at, rooms, before, after } of pointsOf(over, run)) {
          const frozen = JSON.stringify([...before]);
          const copy = new Map(JSON.parse(frozen) as [string, Alert][]);
          const again = step(
            aRule(over),
            copy,
            at,
            rooms.toReversed().map((room) => seen(room)),
          );
          expect(JSON.stringify([[...again.state], again.transitions])).toBe(
            JSON.stringify([[...after.state], after.transitions]),
          );
          expect(JSON.stringify([...before])).toBe(frozen);
        }
      }),
    );
  });

  it('forgets what is over: an hour later nothing is known', () => {
    fc.assert(
      fc.property(rule, evaluations, (over, run) => {
        const last = pointsOf(over, run).at(-1);
        let state = last?.after.state ?? new Map<string, Alert>();
        // Missed, kept to its end, then past the retention.
        for (const at of [1, 2, 3].map((n) => (last?.at ?? 0) + n * (RESOLVED_RETENTION_MS + 10_000)))
          state = step(aRule(over), state, at, []).state;
        expect(state.size).toBe(0);
      }),
    );
  });
});
