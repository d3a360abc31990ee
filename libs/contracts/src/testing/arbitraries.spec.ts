import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Compile } from 'typebox/compile';
import { BatchHeader } from '../events/batch.js';
import { histogramProblem } from '../events/histogram.js';
import { EVENT_KINDS, EVENT_SCHEMAS } from '../events/kinds.js';
import { metricProblem } from '../events/metric.js';
import { EVENT_TABLES, type EventTable } from '../tables.js';
import type { Event } from '../events/kinds.js';
import { aCacheAccess, aCacheChange, aCacheWindow, aLoadFinished, aLoadStalled, aMetric } from './builders.js';
import { anyBatch, anyEventOf, anyHistogram } from './arbitraries.js';

describe('The generated events', () => {
  it.each(EVENT_KINDS)('of kind %s follow their schema and map to rows', (kind) => {
    const check = Compile(EVENT_SCHEMAS[kind]);
    const table = EVENT_TABLES[kind] as unknown as EventTable;
    const context = { emitter: { service: 's', instance: 'i', version: 'v' }, sequence: 0, index: 0 };
    fc.assert(
      fc.property(anyEventOf(kind), (event) => {
        expect(check.Check(event)).toBe(true);
        if (event.kind === 'metric') expect(metricProblem(event)).toBeUndefined();
        for (const column of table.columns) expect(column.value(event as never, context)).not.toBeUndefined();
      }),
    );
  });

  it('carry histograms that add up', () => {
    fc.assert(fc.property(anyHistogram(), (histogram) => histogramProblem(histogram) === undefined));
  });

  it('come in batches whose header follows its schema', () => {
    const check = Compile(BatchHeader);
    fc.assert(fc.property(anyBatch(), (batch) => check.Check(batch)));
  });
});

describe('The built events', () => {
  const built: Event[] = [aCacheWindow(), aCacheAccess(), aCacheChange(), aLoadFinished(), aLoadStalled(), aMetric()];
  it.each(built)('of kind $kind follow their schema', (event) => {
    expect(Compile(EVENT_SCHEMAS[event.kind]).Check(event)).toBe(true);
  });
});
