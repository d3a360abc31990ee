import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AGGREGATOR_GROUP, EVENTS_TOPIC } from '#libs/contracts';
import type { PartitionRange } from '#libs/event-log';
import { DirectoryLockedError, lockDirectory } from '#libs/operations';
import type { Answer, Command, Host, Invocation } from '../command/command.js';
import { CliError } from '../command/errors.js';
import { EXIT } from '../command/exit-codes.js';
import { loadCommandSettings } from '../config/known-settings.js';

export const logRereadCommand: Command = {
  name: 'log reread',
  summary: 'Have the next `npm start` read the whole log again, to store what is missing in the database.',
  description:
    'For one process with its own log and engine, while it is stopped. What is stored already is the same rows again, ' +
    'counted once. With Kafka, set the group back as docs/operations.md says.',
  arguments: [],
  options: {
    'data-dir': { type: 'string', placeholder: 'DIR', help: 'The data folder. Default: ALPERF_DATA_DIR.' },
  },
  examples: ['log reread', 'log reread --data-dir /var/lib/alperf --json'],
  run: reread,
};

async function reread(invocation: Invocation, host: Host): Promise<Answer> {
  const { values } = loadCommandSettings(host);
  const dataDir = resolve(host.cwd, invocation.text('data-dir') ?? values.dataDir);
  const path = join(dataDir, 'log');
  // Asked first: taking the lock would make a folder of a slip of the pen.
  if ((await stat(path).catch(() => undefined)) === undefined) throw noLog(dataDir);
  const lock = takeDirectory(dataDir);
  try {
    const ranges = await forgetAggregator(path, dataDir, values.logRetentionHours * 3_600_000, host);
    const records = Number(ranges.reduce((sum, { earliest, next }) => sum + (next - earliest), 0n));
    return {
      exitCode: EXIT.ok,
      json: { dataDir, partitions: ranges.length, records },
      text:
        `The next start on ${dataDir} reads all ${records.toLocaleString('en')} records of the log again, from ` +
        `${ranges.length} partitions. What is missing in the database is added; what is there is the same rows again.`,
    };
  } finally {
    lock.release();
  }
}

async function forgetAggregator(
  path: string,
  dataDir: string,
  maxAgeMs: number,
  { clock, random }: Host,
): Promise<PartitionRange[]> {
  // Only here: no other command needs the log's native library.
  const { EmbeddedEventLog } = await import('#libs/event-log/embedded');
  const log = await EmbeddedEventLog.open({ path, clock, random, retention: { maxAgeMs } });
  try {
    const ranges = await log.ranges(EVENTS_TOPIC).catch((error: unknown) => {
      throw noLog(dataDir, error);
    });
    await log.forgetGroup(EVENTS_TOPIC, AGGREGATOR_GROUP);
    return ranges;
  } finally {
    await log.close();
  }
}

function takeDirectory(dataDir: string) {
  try {
    return lockDirectory(dataDir);
  } catch (error) {
    if (!(error instanceof DirectoryLockedError)) throw error;
    const who = error.pid === undefined ? 'A server' : `A server (process ${error.pid})`;
    throw new CliError(
      error.code,
      `${who} runs on ${dataDir}: its log cannot be set back meanwhile.`,
      EXIT.failed,
      'Stop it (Ctrl-C, or SIGTERM), run this again, then start it.',
      { cause: error },
    );
  }
}

function noLog(dataDir: string, cause?: unknown): CliError {
  return new CliError(
    'NOT_FOUND',
    `${dataDir} holds no log of events.`,
    EXIT.failed,
    'Give the data folder of `npm start` with --data-dir or ALPERF_DATA_DIR.',
    { cause },
  );
}
