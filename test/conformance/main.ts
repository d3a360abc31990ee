// `npm run --silent conformance -- [--verbose] PATH …`: runs Prometheus' test scripts for PromQL, files or folders of
// `*.test`, on our parser and evaluator. A line for each file; the last one is `N passed, M failed`.
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

let files: readonly string[];
try {
  files = paths.flatMap(scriptsAt);
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
