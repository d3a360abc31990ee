import { createClient, ErrorReply, RESP_TYPES } from '@redis/client';
import { within, type Clock, type Timer } from '#libs/time';
import { TierUnavailableError } from '../tier/tier.js';
import { CLOSED, nextCircuit, type CircuitEvent, type CircuitOptions, type CircuitState } from './circuit-breaker.js';
import { SCRIPTS, type Script } from './scripts.js';

export type Argument = string | Buffer;
export type Reply = Buffer | number | string | null | readonly Reply[];

export interface LinkOptions {
  /** `redis://` or `rediss://`, with what the server asks for: user, password, number of the database. */
  readonly url: string;
  /** Where other instances tell what they did: each connection hears of it before anything else is sent by it. */
  readonly channel: string;
  readonly commandTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly circuit: CircuitOptions;
  /** Commands, and bytes of them, that may wait for their answers; more are refused. */
  readonly mostWaiting: number;
  readonly mostWaitingBytes: number;
}

export interface LinkContext {
  readonly clock: Clock;
  /** Yields [0, 1). */
  readonly random: () => number;
  /** Told when the server is away, and why; once each time. */
  readonly onProblem: (problem: Error) => void;
  /** Called whenever a connection stands, before anything else is sent by it. */
  readonly onUp: () => void;
  readonly onMessage: (message: Buffer) => void;
}

type Client = ReturnType<typeof makeClient>;

/** Answers of a server that takes no commands now, and so says nothing of the command itself. */
const AWAY = /^(LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|READONLY|NOREPLICAS|UNBLOCKED)\b/;
const REFUSED = /^(WRONGPASS|NOAUTH|NOPERM)\b|without any password configured/;

/**
 * One connection to a server, in RESP3, so that messages come in order with the answers. Commands are sent in the order of
 * the calls, and each is answered within its time. While the server is away they fail at once: a circuit breaker decides
 * when the next connection is tried, and no command ever waits for one.
 *
 * A write without an answer may be done late, or never. Then the connection is given up; the next one has the server end
 * the old one first, so that it does nothing any more.
 */
export class RedisLink {
  readonly #options: LinkOptions;
  readonly #context: LinkContext;
  readonly #where: string;
  #client: Client | undefined;
  #state: CircuitState = CLOSED;
  #timer: Timer | undefined;
  #attempting: Promise<void> | undefined;
  #lastId: number | undefined;
  #waiting = 0;
  #waitingBytes = 0;
  #closed = false;
  #told = false;

  /** @throws TypeError for a url that is none of Redis. */
  constructor(options: LinkOptions, context: LinkContext) {
    this.#options = options;
    this.#context = context;
    this.#where = placeOf(options.url);
  }

  get isUp(): boolean {
    return this.#client !== undefined && this.#state.kind === 'closed';
  }

  /**
   * Tries to connect, once; a server that is away is tried again in the background.
   * @throws Error when the server refuses user or password: no later attempt would do better.
   */
  async start(): Promise<void> {
    try {
      await (this.#attempting = this.#attempt());
    } catch (error) {
      if (REFUSED.test(messageOf(error))) {
        this.#closed = true;
        throw new Error(
          `Redis at ${this.#where} refuses the user or the password of the url (${messageOf(error)}). Mend the url, or what the user may do.`,
          { cause: error },
        );
      }
      this.#happened('lost', error);
    }
  }

  /** @throws TierUnavailableError, always within the time of a command. `writes`: what became of it matters when no answer comes. */
  send(args: readonly Argument[], { writes }: { readonly writes: boolean }): Promise<Reply> {
    const client = this.#client;
    if (client === undefined || !this.isUp) return Promise.reject(this.#unavailable('it is away'));
    const bytes = args.reduce((sum, { length }) => sum + length, 0);
    const { mostWaiting, mostWaitingBytes, commandTimeoutMs } = this.#options;
    if (this.#waiting >= mostWaiting || (this.#waiting > 0 && this.#waitingBytes + bytes > mostWaitingBytes))
      return Promise.reject(this.#unavailable('too much waits for it already'));
    this.#waiting++;
    this.#waitingBytes += bytes;
    return new Promise<Reply>((resolve, reject) => {
      let settled = false;
      const settle = (): boolean => {
        if (settled) return false;
        settled = true;
        timer.cancel();
        this.#waiting--;
        this.#waitingBytes -= bytes;
        return true;
      };
      const timer = this.#context.clock.setTimer(() => {
        if (!settle()) return;
        const late = new Error(`no answer within ${commandTimeoutMs} ms`);
        reject(this.#unavailable(late.message));
        if (client === this.#client) this.#happened(writes ? 'lost' : 'failed', late);
      }, commandTimeoutMs);
      ask(client, args).then(
        (reply) => {
          if (!settle()) return;
          if (client === this.#client) this.#happened('succeeded');
          resolve(reply);
        },
        (error: unknown) => {
          if (!settle()) return;
          const away = !(error instanceof ErrorReply) || AWAY.test(error.message);
          if (client === this.#client) this.#happened(away ? 'failed' : 'succeeded', error);
          reject(this.#unavailable(messageOf(error), error));
        },
      );
    });
  }

  /** Runs a script on keys that begin with one. */
  async run(
    script: Script,
    key: string,
    args: readonly Argument[],
    options: { readonly writes: boolean },
  ): Promise<Reply> {
    try {
      return await this.send(['EVALSHA', script.sha, '1', key, ...args], options);
    } catch (error) {
      // The server forgot it, by SCRIPT FLUSH or a failover.
      if (!/NOSCRIPT/.test(messageOf(error))) throw error;
      return this.send(['EVAL', script.text, '1', key, ...args], options);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#drop();
    await this.#attempting?.catch(() => undefined);
    this.#drop();
  }

  // ---- connecting ----

  async #attempt(): Promise<void> {
    const client = makeClient(this.#options);
    client.on('error', (error: unknown) => {
      if (client === this.#client) this.#happened('lost', error);
    });
    client.on('end', () => {
      if (client === this.#client) this.#happened('lost', new Error('the connection ended'));
    });
    let id: number;
    try {
      id = await within(this.#context.clock, this.#options.connectTimeoutMs, this.#prepare(client));
      if (this.#closed) throw new Error('it was closed meanwhile');
    } catch (error) {
      destroy(client);
      throw error;
    }
    this.#client = client;
    this.#lastId = id;
    this.#told = false;
    this.#state = nextCircuit(
      this.#state,
      'succeeded',
      this.#context.clock.monotonic(),
      this.#context.random,
      this.#options.circuit,
    );
    this.#context.onUp();
  }

  async #prepare(client: Client): Promise<number> {
    await client.connect();
    if (this.#lastId !== undefined) await this.#endOldConnection(client, this.#lastId);
    const [id] = await Promise.all([
      ask(client, ['CLIENT', 'ID']),
      ...SCRIPTS.map(({ text }) => ask(client, ['SCRIPT', 'LOAD', text])),
    ]);
    await client.subscribe(this.#options.channel, (message) => this.#context.onMessage(message), true);
    return Number(id);
  }

  async #endOldConnection(client: Client, id: number): Promise<void> {
    try {
      await ask(client, ['CLIENT', 'KILL', 'ID', String(id)]);
    } catch (error) {
      // One who may not kill has to hope that nothing was left in the old connection.
      if (!(error instanceof ErrorReply)) throw error;
    }
  }

  #happened(event: CircuitEvent, cause?: unknown): void {
    if (this.#closed) return;
    const { clock, random } = this.#context;
    this.#state = nextCircuit(this.#state, event, clock.monotonic(), random, this.#options.circuit);
    if (this.#state.kind !== 'open') return;
    this.#drop();
    if (!this.#told) this.#context.onProblem(this.#unavailable(messageOf(cause), cause));
    this.#told = true;
    this.#timer?.cancel();
    this.#timer = clock.setTimer(() => this.#probe(), this.#state.probeAt - clock.monotonic(), { unref: true });
  }

  #probe(): void {
    this.#happened('probe');
    if (this.#state.kind !== 'half-open') return;
    this.#attempting = this.#attempt().catch((error: unknown) => this.#happened('failed', error));
  }

  #drop(): void {
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) destroy(client);
  }

  #unavailable(why: string, cause?: unknown): TierUnavailableError {
    return new TierUnavailableError(`Redis at ${this.#where} cannot be used: ${why}.`, { cause });
  }
}

function makeClient({ url, connectTimeoutMs }: LinkOptions) {
  return createClient({
    url,
    RESP: 3,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    // The circuit breaker decides when the next one is tried.
    socket: { connectTimeout: connectTimeoutMs, reconnectStrategy: false },
  });
}

function ask(client: Client, args: readonly Argument[]): Promise<Reply> {
  return client.sendCommand<Reply>(args, { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } });
}

function destroy(client: Client): void {
  try {
    client.destroy();
  } catch {
    // It was closed already.
  }
}

/** Host and port of a url, without what is secret in it. @throws TypeError */
export function placeOf(url: string): string {
  let parsed: URL | undefined;
  try {
    parsed = new URL(url);
  } catch {
    // Told below, without the url: it may hold a password.
  }
  if (parsed === undefined || !/^rediss?:$/.test(parsed.protocol) || parsed.hostname === '')
    throw new TypeError(
      'The url of a Redis tier reads redis://[user[:password]@]host[:port][/database], or rediss:// for TLS.',
    );
  return `${parsed.hostname}:${parsed.port || '6379'}`;
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
