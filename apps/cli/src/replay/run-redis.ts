import { createClient, ErrorReply, RESP_TYPES } from '@redis/client';
import { TierUnavailableError, type Entry, type TierContext } from '#libs/cache';
import { RedisTier, type RedisOptions } from '#libs/cache/redis';
import { within, type Clock } from '#libs/time';
import { CliError, UnreachableError } from '../command/errors.js';
import { EXIT } from '../command/exit-codes.js';
import { placeOf, type RedisAddress } from './redis-address.js';

export const DEFAULT_REDIS = 'redis://127.0.0.1:6379';

/** An answer that takes longer counts as none, ms. */
const ANSWER_MS = 5_000;
/**
 * A command of the tier that takes longer fails, ms. More than a service would wait: on a busy machine a late answer would
 * count as none, and the hit ratio would be that of the machine.
 */
const COMMAND_MS = 10_000;
/** Keys that the server looks at between two answers while those of a replay are removed. */
const SCANNED_AT_ONCE = '1000';

/** What the keys of one replay lie under. @param instance of its emitter, by which the database knows it, too. Pure. */
export function namespaceOf(instance: string): string {
  return `alperf-replay.${instance}`;
}

/**
 * A Redis tier whose keys lie under a namespace of the replay's own instead of the cache's name: it neither finds nor
 * touches what a service has there under that name, and all of it can be removed.
 */
export class RunRedis extends RedisTier {
  /** Writes under way. */
  waiting = 0;

  constructor(
    private readonly namespace: string,
    options: RedisOptions,
  ) {
    super({ commandTimeoutMs: COMMAND_MS, ...options });
  }

  /** @throws CliError when it cannot be written to: a tier that is away answers nothing, and all would be loaded */
  override async open(context: TierContext): Promise<void> {
    await super.open({ ...context, cache: this.namespace });
    try {
      await this.resize({});
    } catch (error) {
      if (!(error instanceof TierUnavailableError)) throw error;
      throw new CliError(
        'REDIS',
        error.message,
        EXIT.failed,
        'The server must be Redis 7 or newer, with room, and no replica; the user needs strings, hashes, lists, sorted sets, scripts and channels.',
        { cause: error },
      );
    }
  }

  override async set(key: string, entry: Entry): Promise<boolean> {
    this.waiting++;
    try {
      return await super.set(key, entry);
    } finally {
      this.waiting--;
    }
  }

  /** Resolves when it evicts no more, unless it is away: what it counts does not change after that. */
  async settled(): Promise<void> {
    await this.resize({}).catch(() => undefined);
  }
}

/**
 * Whether the server can be used at all, before anything begins.
 * @throws UnreachableError when nobody answers, CliError when user or password are refused
 */
export async function checkRedis(address: RedisAddress, clock: Clock): Promise<void> {
  await connected(address, clock, async (ask) => void (await ask(['PING'])));
}

/** Removes all that lies under a namespace: how many keys that were. @throws UnreachableError, CliError */
export async function removeNamespace(address: RedisAddress, namespace: string, clock: Clock): Promise<number> {
  return connected(address, clock, async (ask) => {
    let removed = 0;
    let cursor = '0';
    do {
      const scan = ['SCAN', cursor, 'MATCH', patternOf(namespace), 'COUNT', SCANNED_AT_ONCE];
      const [next, keys] = (await ask(scan)) as readonly [Buffer, readonly Buffer[]];
      if (keys.length > 0) removed += Number(await ask(['UNLINK', ...keys]));
      cursor = next.toString();
    } while (cursor !== '0');
    return removed;
  });
}

/** How to remove by hand what is left under a namespace. Pure. */
export function removalByHand(address: RedisAddress, namespace: string): string {
  const { host, port, database } = address;
  const cli = `redis-cli -h ${host} -p ${port}${database === 0 ? '' : ` -n ${database}`}`;
  return `${cli} --scan --pattern '${patternOf(namespace)}' | xargs -d '\\n' ${cli} unlink`;
}

function patternOf(namespace: string): string {
  return `{${namespace}}:*`;
}

type Ask = (args: readonly (string | Buffer)[]) => Promise<unknown>;

/** A connection of its own, which ends with `use`. */
async function connected<Answer>(
  address: RedisAddress,
  clock: Clock,
  use: (ask: Ask) => Promise<Answer>,
): Promise<Answer> {
  const client = createClient({
    url: address.url,
    RESP: 3,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    socket: { connectTimeout: ANSWER_MS, reconnectStrategy: false },
  });
  // What is the matter is what the call says.
  client.on('error', () => undefined);
  try {
    await within(clock, ANSWER_MS, client.connect());
    return await use((args) =>
      within(clock, ANSWER_MS, client.sendCommand(args, { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } })),
    );
  } catch (error) {
    throw problemWith(address, error);
  } finally {
    try {
      client.destroy();
    } catch {
      // It never stood.
    }
  }
}

function problemWith(address: RedisAddress, error: unknown): CliError {
  const why = messageOf(error);
  if (error instanceof ErrorReply || /\b(WRONGPASS|NOAUTH|NOPERM|NOPROTO)\b/.test(why))
    return new CliError(
      'REDIS',
      `Redis at ${placeOf(address)} refuses to be used: ${why}`,
      EXIT.failed,
      'Give user and password in the address: --redis redis://user:password@host:6379. The server must be Redis 7 or newer.',
      { cause: error },
    );
  return new UnreachableError(
    `Redis does not answer at ${placeOf(address)} (${why}).`,
    'Start it with `redis-server`, or give its address with --redis redis://HOST:PORT.',
    { cause: error },
  );
}

/** The code of a connection that failed, or what the server said. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  const { code, message } = error as { code?: unknown; message?: unknown };
  return typeof code === 'string' ? code : String(message ?? error);
}
