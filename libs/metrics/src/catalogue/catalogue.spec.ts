import { describe, expect, it } from '@jest/globals';
import { ROLLUP, rollupColumns } from '#libs/clickhouse';
import { REMOVAL_CAUSES, REQUEST_RESULTS } from '#libs/contracts';
import { columnsOf, type Metric } from '../metric.js';
import { isLabelName, isMetricName, unitOfName } from '../names.js';
import { CATALOGUE, LEFT_OUT } from './catalogue.js';

/** Levels to which the client library for Node.js gives the ending of counters. */
const LEVELS_NAMED_TOTAL = /^nodejs_active_(resources|handles|requests)_total$/;

const byName = CATALOGUE.map((metric) => [metric.name, metric] as const);
const stored = CATALOGUE.filter(({ stored }) => stored.in === 'cache' || stored.in === 'loads');
const columnsIn = (rollup: 'cache' | 'loads') =>
  CATALOGUE.filter((metric) => metric.stored.in === rollup).flatMap((metric) => columnsOf(metric));
const factorOf = ({ stored }: Metric) => ('factor' in stored ? stored.factor : 1);

/** Of one kind of column, by the unit that its name or the event's schema says. */
const FACTORS: readonly (readonly [RegExp, number])[] = [
  [/_ns$|^(get|load|queued|first_byte|total)_/, 1e-9],
  [/^(age_at_hit|time_to_eviction|age_at_refresh)_/, 1e-3],
];

describe('The catalogue', () => {
  it('names each metric once', () => {
    const names = CATALOGUE.map(({ name }) => name);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  it.each(byName)("names by Prometheus' conventions: %s", (name, { unit, kind }) => {
    expect(isMetricName(name)).toBe(true);
    expect(name).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/);
    expect(unit).toBe(unitOfName(name));
    if (!LEVELS_NAMED_TOTAL.test(name)) expect(name.endsWith('_total')).toBe(kind === 'counter');
    expect(name).not.toMatch(/_(count|sum|bucket)$/);
    expect(name).not.toMatch(/_(ms|ns|us|milliseconds|nanoseconds|minutes|hours|kb|mb|kilobytes)(_|$)/);
  });

  it.each(byName)('says in sentences what it is: %s', (_, { help, labels }) => {
    for (const text of [help, ...labels.map((label) => label.help)]) {
      expect(text).toMatch(/^[A-Z0-9][^\n]*\.$/);
      expect(text.length).toBeLessThanOrEqual(140);
    }
  });

  it.each(byName)('has labels that can be, each once: %s', (_, { labels }) => {
    const names = labels.map(({ name }) => name);
    expect(names.filter((name) => !isLabelName(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(byName)('knows what a sample of it says: %s', (_, { kind, group, temporalities, buckets }) => {
    const own = group === 'pipeline' || group === 'process';
    expect(temporalities).toEqual([kind === 'gauge' ? 'level' : own ? 'cumulative' : 'delta']);
    expect(buckets).toBe(kind === 'histogram' ? (own ? 'classic' : 'native') : undefined);
  });
});

describe('What is stored in rollups', () => {
  it.each(stored.map((metric) => [metric.name, metric] as const))('has columns that exist: %s', (_, metric) => {
    const rollup = ROLLUP[metric.stored.in as 'cache' | 'loads'];
    const measures = rollup.measures.map(({ name }) => name);
    expect(columnsOf(metric).filter((column) => !measures.includes(column))).toEqual([]);
    expect(columnsOf(metric).length).toBeGreaterThan(0);
  });

  it.each(stored.map((metric) => [metric.name, metric] as const))('takes its labels from it: %s', (_, metric) => {
    const { dimensions } = ROLLUP[metric.stored.in as 'cache' | 'loads'];
    const from = metric.labels.flatMap((label) => (label.from.kind === 'dimension' ? [label.from.column] : []));
    // All dimensions, so that two rows of a bucket are never one series.
    expect(from.toSorted()).toEqual([...dimensions].sort());
    const byColumn = metric.labels.filter((label) => label.from.kind === 'column');
    const columns = 'columns' in metric.stored ? metric.stored.columns : [];
    for (const { labels } of columns) expect(Object.keys(labels)).toEqual(byColumn.map(({ name }) => name));
    for (const { name, values } of byColumn) expect(columns.map(({ labels }) => labels[name])).toEqual(values);
  });

  it.each(stored.map((metric) => [metric.name, metric] as const))('is in the unit of its name: %s', (_, metric) => {
    for (const column of columnsOf(metric))
      if ('histogram' in metric.stored || column.endsWith('_ns'))
        expect([column, factorOf(metric)]).toEqual([
          column,
          FACTORS.find(([pattern]) => pattern.test(column))?.[1] ?? 1,
        ]);
    expect(factorOf(metric) === 1).toBe(metric.unit !== 'seconds');
  });

  it.each(['cache', 'loads'] as const)('is every measure of the rollup %s, or it is said why not', (rollup) => {
    const used = columnsIn(rollup);
    expect(used.filter((column, at) => used.indexOf(column) !== at)).toEqual([]);
    const leftOut = Object.keys(LEFT_OUT[rollup]);
    expect([...used, ...leftOut].sort()).toEqual(ROLLUP[rollup].measures.map(({ name }) => name).sort());
    for (const reason of Object.values(LEFT_OUT[rollup])) expect(reason).toMatch(/^[A-Z].*\.$/);
  });

  it('keeps apart all results of a read and all causes of leaving that there are', () => {
    const valuesOf = (name: string, label: string) =>
      CATALOGUE.find((metric) => metric.name === name)?.labels.find((one) => one.name === label)?.values;
    expect(valuesOf('cache_requests_total', 'result')).toEqual(REQUEST_RESULTS);
    expect(valuesOf('cache_removals_total', 'cause')).toEqual(REMOVAL_CAUSES);
  });

  it('has dimensions for the labels of what pages send', () => {
    const columns = rollupColumns(ROLLUP.metrics);
    const vitals = CATALOGUE.filter(({ group }) => group === 'web vitals');
    expect(vitals).toHaveLength(5);
    for (const { labels } of vitals)
      for (const { from } of labels) expect(columns).toContain(from.kind === 'dimension' ? from.column : 'labels');
  });
});
