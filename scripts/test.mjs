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
// The quick layers first: a slip shows in a minute. Files with real servers spend much of their time waiting, so two at
// once. Those that measure something come behind, in a project of their own (jest.config.mjs), one at a time.
const LAYERS = [
  { name: 'unit', workers: 2 },
  { name: 'integration', workers: 2, alone: true },
  { name: 'e2e', workers: 2, alone: true },
  { name: 'faults', workers: 2 },
  { name: 'conformance', workers: 1 },
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

function runLayer({ name, workers, alone }) {
  console.log(`\n── ${name} ──`);
  const [started, cpuBefore] = [performance.now(), childCpuSeconds()];
  let [passed, failed] = [0, 0];
  for (const counted of [runProject(name, name, workers), ...(alone ? [runProject(name, `${name}-alone`, 1)] : [])]) {
    passed += counted.passed;
    failed += counted.failed;
  }
  totals.passed += passed;
  totals.failed += failed;
  const seconds = ((performance.now() - started) / 1_000).toFixed(0);
  const cpu = cpuBefore === undefined ? '' : `, ${(childCpuSeconds() - cpuBefore).toFixed(0)} s of CPU`;
  console.log(`${name}: ${passed} passed, ${failed} failed in ${seconds} s${cpu}`);
}

/** CPU time of processes that ended, brokers of the tests left out, s; undefined where there is no /proc. */
function childCpuSeconds() {
  let stat;
  try {
    stat = readFileSync('/proc/self/stat', 'utf8');
  } catch {
    return undefined;
  }
  // Behind the name in brackets, from field 3 on: cutime and cstime are 16 and 17, in hundredths.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

function runProject(layer, project, workers) {
  const report = join(scratch, `${project}.json`);
  const result = spawnSync(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
      '--selectProjects',
      project,
      '--maxWorkers',
      String(workers),
      '--testSequencer',
      join(root, 'scripts', 'longest-first.mjs'),
      '--passWithNoTests',
      // Real servers on a busy machine: a test that needs longer says so itself.
      ...(layer === 'unit' ? [] : ['--testTimeout', '60000']),
      // A fault test that fails half way leaves brokers' clients behind, and must not hold up the report.
      ...(layer === 'faults' ? ['--forceExit'] : []),
      '--json',
      '--outputFile',
      report,
      ...args,
    ],
    {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        PATH: `${bin}${delimiter}${process.env.PATH}`,
        NODE_NO_WARNINGS: '1',
        // As the programs that hold the engine do: each of its statements keeps a thread.
        UV_THREADPOOL_SIZE: process.env.UV_THREADPOOL_SIZE ?? '24',
      },
    },
  );
  let found;
  try {
    found = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    console.error(`The test runner ended without a report (${result.signal ?? `exit code ${result.status}`}).`);
    return { passed: 0, failed: 1 };
  }
  // A file that does not even load counts as one failure.
  const broken = found.testResults.filter((file) => file.assertionResults.length === 0 && file.status === 'failed');
  let failed = found.numFailedTests + broken.length;
  for (const file of found.testResults)
    for (const one of file.assertionResults)
      if (one.status === 'pending' || one.status === 'todo') totals.skipped.push(one.fullName);
  if (result.status !== 0 && failed === 0) {
    console.error(`The test runner failed with ${result.signal ?? `exit code ${result.status}`} although no test did.`);
    failed = 1;
  }
  return { passed: found.numPassedTests, failed };
}
