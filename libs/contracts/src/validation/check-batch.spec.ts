import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { MAX_BATCH_EVENTS } from '../events/batch.js';
import { EVENT_KINDS, EVENT_SCHEMAS, type Event } from '../events/kinds.js';
import { aBatch, aCacheChange, aCacheWindow, aHistogram, aMetric, anyBatch, anyEvent } from '../testing/index.js';
import { checkBatch, type CheckedBatch } from './check-batch.js';
import { explain, type Schema } from './explain.js';

/** As it arrives: parsed from JSON, with own properties of any name. */
const arrived = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function accepted(parsed: unknown): CheckedBatch {
  const result = checkBatch(parsed);
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result)}`);
  return result;
}

const rejectionOf = (event: unknown) => accepted(arrived({ ...aBatch(), events: [event] })).rejections[0];

describe('checkBatch', () => {
  it('takes every batch that the schemas allow as it is', () => {
    fc.assert(
      fc.property(anyBatch(), (batch) => {
        const parsed = arrived(batch);
        const result = accepted(parsed);
        expect(result).toEqual({
          ok: true,
          batch: parsed,
          indexes: undefined,
          rejections: [],
          unknownFields: 0,
          changed: false,
        });
        expect(result.batch).toBe(parsed);
      }),
    );
  });

  it('never throws, whatever JSON it is handed', () => {
    const strange = fc.oneof(fc.jsonValue(), fc.constant(JSON.parse('{"__proto__":{"kind":"metric"}}')));
    fc.assert(
      fc.property(fc.jsonValue(), fc.array(strange), (whole, events) => {
        expect(typeof checkBatch(whole).ok).toBe('boolean');
        const result = accepted(arrived({ ...aBatch(), events }));
        expect(result.batch.events.length + result.rejections.length).toBe(events.length);
      }),
    );
  });

  it('rejects an event with one field broken, at that field, and keeps the positions of the rest', () => {
    fc.assert(
      fc.property(anyEvent(), anyEvent(), anyEvent(), fc.nat(), (first, broken, last, pick) => {
        const names = Object.keys(EVENT_SCHEMAS[broken.kind].properties).filter((name) => name in broken);
        const name = names[pick % names.length]!;
        // No field of any kind allows a list that holds null.
        const events = [first, { ...broken, [name]: [null] }, last];
        const result = accepted(arrived({ ...aBatch(), events }));
        expect(result.rejections).toHaveLength(1);
        expect(result.rejections[0]!.index).toBe(1);
        expect(result.rejections[0]!.pointer).toBe(`/events/1/${name}`);
        expect(result.indexes).toEqual([0, 2]);
        expect(result.batch.events).toEqual(arrived([first, last]));
        expect(result.changed).toBe(true);
      }),
    );
  });

  it('rejects an event without a field that it needs, at that field', () => {
    fc.assert(
      fc.property(anyEvent(), fc.nat(), (event, pick) => {
        const { required } = EVENT_SCHEMAS[event.kind] as Schema;
        const name = required![pick % required!.length]!;
        const { [name as keyof Event]: _, ...rest } = event;
        expect(rejectionOf(rest)!.pointer).toBe(`/events/0/${name}`);
      }),
    );
  });

  it('counts unknown fields at every level, leaves them out, and keeps the rest', () => {
    fc.assert(
      fc.property(
        anyBatch(),
        fc.constantFrom('extra', '__proto__', 'constructor', 'toString', 'x/y'),
        (batch, name) => {
          const add = (json: string) => json.replace('{', `{${JSON.stringify(name)}:{"deep":[1]},`);
          const dirty: unknown = JSON.parse(
            `{${JSON.stringify(name)}:1,"schema":1,"emitter":${add(JSON.stringify(batch.emitter))},` +
              `"sequence":0,"sentAt":1,"events":[${batch.events.map((event) => add(JSON.stringify(event))).join(',')}]}`,
          );
          const result = accepted(dirty);
          expect(result.unknownFields).toBe(2 + batch.events.length);
          expect(result.changed).toBe(true);
          expect(result.indexes).toBeUndefined();
          expect(JSON.stringify(result.batch.events)).toBe(JSON.stringify(batch.events));
          expect(JSON.stringify(result.batch.emitter)).toBe(JSON.stringify(batch.emitter));
          expect(Object.hasOwn(Object.prototype, 'deep')).toBe(false);
        },
      ),
    );
  });

  it('finds unknown fields inside requests, removals and histograms', () => {
    const event = {
      ...aCacheWindow({ removals: { evicted: 1 }, getDuration: aHistogram() }),
      requests: { hit: 1, hits: 2 },
    };
    const result = accepted(arrived({ ...aBatch(), events: [event] }));
    expect(result.unknownFields).toBe(1);
    expect((result.batch.events[0] as typeof event).requests).toEqual({ hit: 1 });
  });

  it.each([
    ['a kind that is a property of every object', { kind: 'constructor' }, '/events/0/kind'],
    ['a kind named __proto__', JSON.parse('{"kind":"__proto__"}'), '/events/0/kind'],
    ['a list', [], '/events/0'],
    ['null', null, '/events/0'],
    ['a window off the grid', aCacheWindow({ end: 1_500 }), '/events/0/end'],
    ['a negative counter', aMetric({ type: 'counter', value: -1 }), '/events/0/value'],
    [
      'a histogram that does not add up',
      aCacheWindow({ getDuration: { ...aHistogram(), count: 9 } }),
      '/events/0/getDuration',
    ],
    [
      'a sum past exact integers',
      aCacheWindow({ loadDuration: { ...aHistogram(), sum: 1e300 } }),
      '/events/0/loadDuration/sum',
    ],
    [
      'a metric histogram with falling bins',
      aMetric({
        type: 'histogram',
        histogram: aHistogram([
          [5, 1],
          [4, 1],
        ]),
      }),
      '/events/0/histogram',
    ],
    ['a setting with a long name', aCacheChange({ settings: { ['x'.repeat(65)]: 1 } }), '/events/0/settings'],
    ['a setting with a line break in its name', { ...aCacheChange(), settings: { 'a\nb': [] } }, '/events/0/settings'],
    ['a label that is no text', { ...aMetric(), labels: { code: 200 } }, '/events/0/labels/code'],
  ])('rejects %s', (_, event, pointer) => {
    expect(rejectionOf(event)?.pointer).toBe(pointer);
  });

  it('repeats no text of an event in a reason', () => {
    fc.assert(
      fc.property(anyEvent(), fc.nat(), (event, pick) => {
        const names = Object.keys(event);
        const secret = 'a person\u0000’s name';
        const rejection = rejectionOf({ ...event, [names[pick % names.length]!]: secret });
        expect(rejection?.reason).not.toContain('person');
        expect(rejection?.pointer).not.toContain('person');
      }),
    );
  });

  it.each([
    ['no object', [], ''],
    ['no emitter', { ...aBatch(), emitter: undefined }, '/emitter'],
    [
      'an instance that is no UUID',
      { ...aBatch(), emitter: { ...aBatch().emitter, instance: 'me' } },
      '/emitter/instance',
    ],
    ['a negative sequence', { ...aBatch(), sequence: -1 }, '/sequence'],
    ['no list of events', { ...aBatch(), events: {} }, '/events'],
    ['too many events', { ...aBatch(), events: Array.from({ length: MAX_BATCH_EVENTS + 1 }, () => 0) }, '/events'],
    ['schema 0', { ...aBatch(), schema: 0 }, '/schema'],
  ])('refuses a batch with %s', (_, batch, pointer) => {
    const result = checkBatch(arrived(batch));
    expect(result).toMatchObject({ ok: false, code: 'INVALID_BATCH', fault: { pointer } });
  });

  it('refuses a newer schema by its own name, whatever else has changed in it', () => {
    expect(checkBatch({ schema: 2, sender: {} })).toMatchObject({ ok: false, code: 'SCHEMA_TOO_NEW' });
  });

  it('takes a batch that names only some reasons for drops', () => {
    expect(accepted(arrived(aBatch({ dropped: { buffer_full: 3 } }))).changed).toBe(false);
  });
});

describe('explain', () => {
  it.each(EVENT_KINDS)('finds a fault exactly where the compiled check of %s says no', (kind) => {
    const schema = EVENT_SCHEMAS[kind] as Schema;
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 1 }),
      fc.double(),
      fc.constantFrom('', 'é'.repeat(200), -1, 1.5, 1e300),
    );
    fc.assert(
      fc.property(anyEvent(), value, fc.nat(), (event, other, pick) => {
        const names = Object.keys(schema.properties!);
        const mutated = arrived({ ...event, kind, [names[1 + (pick % (names.length - 1))]!]: other });
        const faulty = explain(schema, mutated) !== undefined;
        const result = accepted({ ...aBatch(), events: [mutated] });
        // An event may have a right shape and still not add up; it is never the other way round.
        if (faulty) expect(result.rejections).toHaveLength(1);
        else for (const { reason } of result.rejections) expect(reason).not.toContain('does not follow');
      }),
    );
  });
});
