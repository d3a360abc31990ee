// Runs every layer of tests and ends with one line: `N passed, N failed`.
// What is skipped is listed by name with the reason its title gives; in CI a missing real part is a failure, not a skip.
//
//   npm test                      everything
//   npm test -- unit faults       some layers
//   npm test -- unit -t "late"    anything after the layers goes to Jest
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = join(root, 'node_modules', '.bin');
// The quick layers first: a slip shows in a minute. The real-server layers run one file at a time, two would starve each other.
const LAYERS = [
  { name: 'unit', workers: '2' },
  { name: 'integration', workers: '1' },
  { name: 'e2e', workers: '1' },
  { name: 'faults', workers: '1' },
  { name: 'conformance', workers: '1' },
];

const args = process.argv.slice(2);
const chosen = [];
while (args.length > 0 && LAYERS.some(({ name }) => name === args[0])) chosen.push(args.shift());
const layers = chosen.length === 0 ? LAYERS : LAYERS.filter(({ name }) => chosen.includes(name));

const scratch = mkdtempSync(join(tmpdir(), 'alperf-test-'));
const totals = { passed: 0, failed: 0, skipped: [] };
for (const layer of layers) runLayer(layer);
rmSync(scratch, { recursive: true, force: true });

if (totals.skipped.length > 0) {
  console.log(`\n${totals.skipped.length} skipped:`);
  for (const name of totals.skipped) console.log(`  - ${name}`);
}
const skipped = totals.skipped.length > 0 ? `, ${totals.skipped.length} skipped` : '';
console.log(`\n${totals.passed} passed, ${totals.failed} failed${skipped}`);
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0;

function runLayer({ name, workers }) {
  console.log(`\n── ${name} ──`);
  const report = join(scratch, `${name}.json`);
  const started = performance.now();
  const result = spawnSync(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
      '--selectProjects',
      name,
      '--maxWorkers',
      workers,
      '--passWithNoTests',
      // Real servers on a busy machine: a test that needs longer says so itself.
      ...(name === 'unit' ? [] : ['--testTimeout', '60000']),
      // A fault test that fails half way leaves brokers' clients behind, and must not hold up the report.
      ...(name === 'faults' ? ['--forceExit'] : []),
      '--json',
      '--outputFile',
      report,
      ...args,
    ],
    {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}`, NODE_NO_WARNINGS: '1' },
    },
  );
  const seconds = ((performance.now() - started) / 1_000).toFixed(0);
  let found;
  try {
    found = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    console.error(`The test runner ended without a report (${result.signal ?? `exit code ${result.status}`}).`);
    totals.failed += 1;
    return;
  }
  // A file that does not even load counts as one failure.
  const broken = found.testResults.filter((file) => file.assertionResults.length === 0 && file.status === 'failed');
  totals.passed += found.numPassedTests;
  totals.failed += found.numFailedTests + broken.length;
  for (const file of found.testResults)
    for (const one of file.assertionResults)
      if (one.status === 'pending' || one.status === 'todo') totals.skipped.push(one.fullName);
  if (result.status !== 0 && found.numFailedTests + broken.length === 0) {
    console.error(`The test runner failed with ${result.signal ?? `exit code ${result.status}`} although no test did.`);
    totals.failed += 1;
  }
  console.log(
    `${name}: ${found.numPassedTests} passed, ${found.numFailedTests + broken.length} failed in ${seconds} s`,
  );
}
