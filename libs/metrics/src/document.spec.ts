import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CATALOGUE } from './catalogue/catalogue.js';
import { metricsDocument } from './document.js';

const FILE = join(import.meta.dirname, '..', '..', '..', 'docs', 'metrics.md');

describe('docs/metrics.md', () => {
  it('is what the catalogue says; `npm run --silent docs:metrics` writes it', () => {
    expect(readFileSync(FILE, 'utf8')).toBe(metricsDocument());
  });

  it('lists each metric once, on lines that fit a screen', () => {
    const lines = metricsDocument().split('\n');
    const listed = lines.flatMap((line) => /^- \*\*`(\w+)`\*\*/.exec(line)?.[1] ?? []);
    expect(listed).toEqual(CATALOGUE.map(({ name }) => name));
    expect(lines.filter((line) => line.length > 220)).toEqual([]);
  });
});
