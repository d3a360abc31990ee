import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PipelineError } from '#libs/contracts';

/** A program that the real broker needs is not on this machine. */
export class KafkaMissingError extends PipelineError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('KAFKA_MISSING', message, false, options);
  }
}

const VERSION = '4.1.0';
const root = projectRoot(import.meta.dirname);
const cache = join(root, 'node_modules', '.cache', 'alperf', `kafka-${VERSION}`);
const lib = join(cache, 'lib');

/** Why no broker can run here, with what to install; undefined when one can. */
export function kafkaMissing(): string | undefined {
  if (!runs('java', '-version')) return 'Java 17 or newer is missing (Debian: apt-get install openjdk-17-jre-headless)';
  if (!existsSync(lib) && !runs('mvn', '-version'))
    return 'Maven is missing, which fetches the jars of Apache Kafka once (Debian: apt-get install maven)';
  return undefined;
}

/**
 * The folder with Apache Kafka's own jars, fetched from Maven Central when it is not there yet (about 45 MB).
 * The cache lies under node_modules, so that an empty home is enough; test runs side by side fetch once.
 * @throws KafkaMissingError when Java or Maven is missing, or the jars cannot be had.
 */
export async function kafkaJars(): Promise<string> {
  const missing = kafkaMissing();
  if (missing !== undefined) throw new KafkaMissingError(missing);
  await madeOnce(lib, fetchJars);
  return lib;
}

/** A file beside the jars, made when it is not there yet; test runs side by side make it once. */
export async function besideTheJars(name: string, make: (path: string) => Promise<void>): Promise<string> {
  const path = join(cache, name);
  await madeOnce(path, () => make(path));
  return path;
}

async function madeOnce(path: string, make: () => Promise<void>): Promise<void> {
  if (existsSync(path)) return;
  await mkdir(cache, { recursive: true });
  const unlock = await lock(join(cache, 'fetching'));
  try {
    if (!existsSync(path)) await make();
  } finally {
    await unlock();
  }
}

async function fetchJars(): Promise<void> {
  const partial = join(cache, 'lib.partial');
  await rm(partial, { recursive: true, force: true });
  const child = spawn(
    'mvn',
    [
      '--batch-mode',
      '--quiet',
      '--file',
      join(import.meta.dirname, 'pom.xml'),
      `-Dmaven.repo.local=${join(cache, 'repository')}`,
      'dependency:copy-dependencies',
      `-DoutputDirectory=${partial}`,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], cwd: cache },
  );
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('exit', resolve));
  if (code !== 0)
    throw new KafkaMissingError(`Maven could not fetch the jars of Apache Kafka ${VERSION}: ${output.slice(-2_000)}`);
  await rename(partial, lib);
  await rm(join(cache, 'repository'), { recursive: true, force: true });
}

/** One process at a time; a lock whose process is gone is taken over. */
async function lock(path: string): Promise<() => Promise<void>> {
  for (;;) {
    try {
      const file = await open(path, 'wx');
      await file.writeFile(String(process.pid));
      await file.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = Number(await readFile(path, 'utf8').catch(() => ''));
    if (owner > 0 && !isAlive(owner)) await rm(path, { force: true });
    await sleep(200);
  }
}

/** Whether a process with this id runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function runs(program: string, argument: string): boolean {
  return spawnSync(program, [argument], { stdio: 'ignore' }).status === 0;
}

/** The folder that holds node_modules: the same one for sources and for what is built into dist. */
function projectRoot(from: string): string {
  for (let folder = from; folder !== dirname(folder); folder = dirname(folder))
    if (existsSync(join(folder, 'node_modules')) && existsSync(join(folder, 'package.json'))) return folder;
  throw new Error(`No project root above ${from}.`);
}
