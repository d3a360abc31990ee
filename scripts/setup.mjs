// Makes a checkout runnable: installs when node_modules is missing or older than the lockfile, and,
// with --build, builds when a source is newer than the build. Runs on any Node >= 20, without dependencies.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { takeLock } from './setup-lock.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const installStamp = join(root, 'node_modules', '.installed');
const buildStamp = join(root, 'dist', '.built');

const [major] = process.versions.node.split('.').map(Number);
if (major < 20) fail(`Node ${process.versions.node} is too old to set this project up. Install Node 20 or newer.`);

// Two commands started at once must not install into one folder: the second waits for the first.
const release = takeLock(join(root, '.setup-lock'), {
  onWait: (pid) =>
    process.stderr.write(
      `Another command (process ${pid}) is setting this checkout up; waiting for it … (When that process is something else, stop this one, remove .setup-lock and start it again.)\n`,
    ),
});
try {
  if (installIsStale()) install();
  if (process.argv.includes('--build') && buildIsStale()) build();
} finally {
  release();
}

function installIsStale() {
  const installed = modifiedAt(installStamp);
  return ['package.json', 'package-lock.json', '.npmrc'].some((file) => modifiedAt(join(root, file)) > installed);
}

function install() {
  // stdout belongs to the command that was asked for (`--json` output, the last line of a bench).
  process.stderr.write('Installing dependencies (some minutes, once) …\n');
  // --no-save: setting a checkout up never changes a file of it; npm would add what this platform's registry has more.
  run(npm(), [
    'install',
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--include=dev',
    '--include=optional',
    '--loglevel=error',
  ]);
  addPlatformBinary();
  writeFileSync(installStamp, new Date().toISOString());
}

/** A lockfile made on one platform does not list the engine's library for another: add it, unsaved. */
function addPlatformBinary() {
  const chdb = join(root, 'node_modules', 'chdb', 'package.json');
  if (!existsSync(chdb)) return;
  const optional = JSON.parse(readFileSync(chdb, 'utf8')).optionalDependencies ?? {};
  const wanted = Object.keys(optional).filter(
    (name) => name.includes(`-${process.platform}-${process.arch}`) && !existsSync(join(root, 'node_modules', name)),
  );
  if (wanted.length > 0)
    run(npm(), [
      'install',
      '--no-save',
      '--no-audit',
      '--no-fund',
      ...wanted.map((name) => `${name}@${optional[name]}`),
    ]);
}

function buildIsStale() {
  const built = modifiedAt(buildStamp);
  return [
    'apps',
    'libs',
    'bench',
    'test',
    'dashboards',
    'docs/runbooks',
    'package.json',
    'package-lock.json',
    '.swcrc',
    'tsconfig.json',
    'scripts',
  ]
    .map((entry) => join(root, entry))
    .some((entry) => newerThan(entry, built));
}

function build() {
  process.stderr.write('Building …\n');
  run(process.execPath, [join(root, 'scripts', 'build.mjs')]);
}

function newerThan(path, time) {
  if (!existsSync(path)) return false;
  const stat = statSync(path);
  if (stat.mtimeMs > time) return true;
  return stat.isDirectory() && readdirSync(path).some((name) => newerThan(join(path, name), time));
}

function modifiedAt(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

function npm() {
  return process.platform === 'win32' ? 'npm.cmd' : 'npm';
}

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (result.status !== 0) {
    release();
    fail(
      `"${command} ${args.join(' ')}" failed (${result.error?.message ?? `exit code ${result.status}`}). Its output is above.`,
    );
  }
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
