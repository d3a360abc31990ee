import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runNotation, type EvalResult, type QueryLanguage } from '#libs/promql/notation';

export interface ConformanceTotals {
  readonly passed: number;
  readonly failed: number;
}

export interface ConformanceOptions {
  /** Each failure, too, and not only how many there are. */
  readonly verbose: boolean;
  readonly print: (line: string) => void;
}

/** The files at a path: itself, or in a folder its `*.test`, by name. @throws when there is nothing at the path */
export function scriptsAt(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path];
  const names = readdirSync(path).filter((name) => name.endsWith('.test'));
  return names.sort().map((name) => join(path, name));
}

async function resultsOf(file: string, language: QueryLanguage): Promise<readonly EvalResult[]> {
  try {
    return await runNotation(readFileSync(file, 'utf8'), language);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return [{ line: 0, query: '', passed: false, message: `the script cannot be run: ${message}` }];
  }
}

function failureText(file: string, { line, query, message = '' }: EvalResult): string {
  return line === 0 ? `  ${file}: ${message}` : `  ${file}:${line}: ${query}\n    ${message}`;
}

/**
 * Runs scripts of the notation, and prints a line for each: how many of its `eval`s came to what they expect. A script that
 * cannot be run counts as one that failed.
 */
export async function runFiles(
  files: readonly string[],
  language: QueryLanguage,
  { verbose, print }: ConformanceOptions,
): Promise<ConformanceTotals> {
  const totals = { passed: 0, failed: 0 };
  for (const file of files) {
    const results = await resultsOf(file, language);
    const failures = results.filter(({ passed }) => !passed);
    const passed = results.length - failures.length;
    totals.passed += passed;
    totals.failed += failures.length;
    print(`${file}: ${passed} passed, ${failures.length} failed`);
    const unreadable = failures.filter(({ line }) => line === 0);
    for (const failure of verbose ? failures : unreadable) print(failureText(file, failure));
  }
  return totals;
}
