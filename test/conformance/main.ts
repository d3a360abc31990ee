// `npm run --silent conformance -- [--verbose] PATH …`: runs Prometheus' test scripts for PromQL, files or folders of
// `*.test`, on our parser and evaluator. A line for each file; the last one is `N passed, M failed`.
import { resolve } from 'node:path';
import { LANGUAGE } from './language.js';
import { runFiles, scriptsAt } from './run-files.js';

const args = process.argv.slice(2);
const paths = args.filter((arg) => !arg.startsWith('-'));
const unknown = args.find((arg) => arg.startsWith('-') && arg !== '--verbose');

if (paths.length === 0 || unknown !== undefined) {
  const problem = unknown === undefined ? 'Which scripts?' : `There is no option ${unknown}.`;
  console.error(`${problem} npm run --silent conformance -- [--verbose] PATH …  (a file, or a folder of *.test)`);
  process.exit(2);
}

// npm runs scripts in the project's folder; INIT_CWD is where the user stands. The script's name tells that npm runs it.
const byNpm = process.env['npm_lifecycle_event'] === 'conformance';
const cwd = byNpm ? (process.env['INIT_CWD'] ?? process.cwd()) : process.cwd();

let files: readonly string[];
try {
  files = paths.flatMap((path) => scriptsAt(resolve(cwd, path)));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(2);
}

const { passed, failed } = await runFiles(files, LANGUAGE, {
  verbose: args.includes('--verbose'),
  print: console.log,
});
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
