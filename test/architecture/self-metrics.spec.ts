import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { CATALOGUE, EXPORTING_APPS, levelsOf, type Metric } from '#libs/metrics';
import { Metrics } from '#libs/operations';
import { KEEP, rawFromAt } from '../../apps/aggregator/src/retention/keep.js';
import { DEFAULT_RETENTION } from '../../apps/aggregator/src/retention/retention.js';
import { sourceFiles } from './imports.js';
import { isTestCode } from './layers.js';

const root = join(import.meta.dirname, '..', '..');

interface Instrument {
  readonly app: string;
  readonly kind: string;
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** Every instrument that a program makes of its Metrics, as it stands in the source: some are made only when all runs. */
function instrumentsOf(file: string): Instrument[] {
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest, true);
  const found: Instrument[] = [];
  const literal = (node: ts.Node | undefined, what: string): string => {
    if (node !== undefined && ts.isStringLiteralLike(node)) return node.text;
    throw new Error(`${file}: ${what} of an instrument is to be a literal, so that a test can read it.`);
  };
  const visit = (node: ts.Node) => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const { name: method, expression: on } = node.expression;
      if (/^(counter|gauge|histogram)$/.test(method.text) && /(^|\.)metrics$/.test(on.getText(source))) {
        const [name, help, labels] = node.arguments;
        if (labels !== undefined && !ts.isArrayLiteralExpression(labels))
          throw new Error(`${file}: the labels of an instrument are to be a list.`);
        found.push({
          app: file.split('/')[1]!,
          kind: method.text,
          name: literal(name, 'the name'),
          help: literal(help, 'the help'),
          labels: labels?.elements.map((one) => literal(one, 'a label')) ?? [],
        });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const ofPipeline = CATALOGUE.filter(({ group }) => group === 'pipeline');
const ofProcess = CATALOGUE.filter(({ group }) => group === 'process');
const appsOf = ({ stored }: Metric) => (stored.in === 'exposition' ? stored.apps : []);
const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);

describe('The catalogue of metrics', () => {
  const files = sourceFiles(root, ['apps', 'libs']).filter((file) => !isTestCode(file));
  const made = files.flatMap((file) => instrumentsOf(file));

  it('has every instrument that a program makes, with its help and labels, and no other', () => {
    expect(made.length).toBeGreaterThan(30);
    const listed = ofPipeline.flatMap((metric) =>
      appsOf(metric).map((app) => {
        const { kind, name, help, labels } = metric;
        return { app, kind, name, help, labels: labels.map((label) => label.name) };
      }),
    );
    expect(listed.sort(byName)).toEqual(made.sort(byName));
  });

  it('misses no instrument because it is made in another way', () => {
    const others = files.filter(
      (file) =>
        !file.startsWith('libs/operations/src/metrics/') &&
        /from 'prom-client'/.test(readFileSync(join(root, file), 'utf8')),
    );
    expect(others).toEqual([]);
    const called = files.flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      if (!/\bMetrics\b/.test(text) || !file.startsWith('apps/')) return [];
      return [...text.matchAll(/\.(counter|gauge|histogram)(<[^>]*>)?\(/g)];
    });
    expect(called).toHaveLength(made.length);
  });

  it('has what every program tells of its process, and no other', async () => {
    const exposition = await new Metrics({ process: true }).exposition();
    const told = [...exposition.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, kind]) => ({ name, kind }));
    const listed = ofProcess.map(({ name, kind }) => ({ name, kind }));
    // Some there are only on Linux.
    const onlyLinux = /^process_(virtual_memory|heap)_bytes$|^process_(open|max)_fds$/;
    const here = process.platform === 'linux' ? listed : listed.filter(({ name }) => !onlyLinux.test(name));
    expect(here.sort(byName)).toEqual(told.sort((a, b) => byName(a as { name: string }, b as { name: string })));
    for (const metric of ofProcess) expect(appsOf(metric)).toEqual(EXPORTING_APPS);
  });

  it('goes as far back as the aggregator keeps it', () => {
    const [raw, ...rollups] = levelsOf({ stored: { in: 'metrics' } });
    for (const { level, keptMs } of rollups) expect([level, keptMs]).toEqual([level, KEEP[level as keyof typeof KEEP]]);
    const midnight = Date.UTC(2026, 0, 31);
    expect(midnight - rawFromAt(midnight, DEFAULT_RETENTION.latenessMs)).toBe(raw!.keptMs);
  });
});
