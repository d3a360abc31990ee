import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { QueryLanguage } from '#libs/promql/notation';
import { runFiles, scriptsAt } from './run-files.js';

/** Every query is a number. */
const NUMBERS: QueryLanguage = {
  parse: (text) => ({ kind: 'number', span: { from: 0, to: text.length }, value: Number(text), isDuration: false }),
  evaluate: async ({ expression }) => {
    const point = { time: 0, value: expression.kind === 'number' ? expression.value : NaN };
    return { value: { type: 'scalar', point }, annotations: [] };
  },
};

describe('runFiles', () => {
  let folder: string;
  const at = (name: string): string => join(folder, name);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'alperf-scripts-'));
    writeFileSync(at('b.test'), 'eval range from 0 to 1m step 1m 5\n 5\n\neval range from 0 to 1m step 1m 5\n 6\n');
    writeFileSync(at('a.test'), 'eval range from 0 to 1m step 1m 5\n 5\n');
    writeFileSync(at('c.test'), 'lod 5m\n');
    writeFileSync(at('notes.txt'), '');
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function printed(path: string, verbose: boolean): Promise<{ lines: string[]; totals: object }> {
    const lines: string[] = [];
    const totals = await runFiles(scriptsAt(path), NUMBERS, { verbose, print: (line) => lines.push(line) });
    return { lines, totals };
  }

  it('runs the scripts of a folder by name, and prints a line for each', async () => {
    const { lines, totals } = await printed(folder, false);
    expect(lines).toEqual([
      `${at('a.test')}: 1 passed, 0 failed`,
      `${at('b.test')}: 1 passed, 1 failed`,
      `${at('c.test')}: 0 passed, 1 failed`,
      `  ${at('c.test')}: the script cannot be run: line 1: "lod 5m" is no command: write load, clear or eval`,
    ]);
    expect(totals).toEqual({ passed: 2, failed: 2 });
  });

  it('prints each failure when asked to', async () => {
    const { lines } = await printed(at('b.test'), true);
    expect(lines).toEqual([`${at('b.test')}: 1 passed, 1 failed`, `  ${at('b.test')}:4: 5\n    expected 6, got 5`]);
  });

  it('fails for a path at which there is nothing', () => {
    expect(() => scriptsAt(at('none'))).toThrow('ENOENT');
  });
});
