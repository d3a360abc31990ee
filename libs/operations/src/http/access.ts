import { isIPv4 } from 'node:net';
import type { Clock } from '#libs/time';
import { alperfCommand } from '../alperf-command.js';
import { SettingsError } from '../settings/settings.js';
import type { ApiKey, ApiKeys, Scope } from './api-keys.js';
import { HttpProblem } from './problems.js';

/** What AlLibrary's desktop app sends as its origin, on macOS and Linux, on Windows and Android. */
export const TAURI_ORIGINS = ['tauri://localhost', 'http://tauri.localhost', 'https://tauri.localhost'] as const;

/** The headers that a decision needs, as Node lowercases them. */
export interface RequestHeaders {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  readonly authorization?: string | undefined;
  readonly 'sec-fetch-site'?: string | string[] | undefined;
}

export interface AccessOptions {
  /** The address that the server is bound to. */
  readonly bind: string;
  /** The port it listens on; asked at each request, since it may be chosen by the machine. */
  readonly port: () => number;
  /** Origins of pages that may call, besides its own and the desktop app's. Whole: `https://library.example`. */
  readonly origins: readonly string[];
  /** The keys in force, asked at each request; left out where none are set. */
  readonly keys?: () => ApiKeys;
  readonly clock: Clock;
}

/**
 * Who may call. With keys, whoever has one with the scope. Without, only programs of this machine: the server must be
 * bound to loopback, and since any web page can reach that too, Host and Origin must be ours (a name that was rebound
 * to 127.0.0.1 has another Host; a page has its own Origin).
 */
export class Access {
  readonly #origins: ReadonlySet<string>;
  readonly #bearers: boolean;

  /** @throws SettingsError when bound to more than loopback without a key. */
  constructor(private readonly options: AccessOptions) {
    this.#origins = new Set([...options.origins, ...TAURI_ORIGINS]);
    this.#bearers = options.keys !== undefined;
    if (!isLoopback(options.bind) && (options.keys === undefined || options.keys().size === 0))
      throw new SettingsError([
        `ALPERF_BIND: ${JSON.stringify(options.bind)} can be reached from other machines, and there is no key; ` +
          `make one with "${alperfCommand('keys create --id first --scopes admin --file keys.yaml')}" and name its ` +
          'file in ALPERF_KEYS_FILE, or bind to 127.0.0.1',
      ]);
  }

  /** Whether a key must be shown. */
  get needsKey(): boolean {
    return this.#bearers;
  }

  /** Whether a page of this origin may call. */
  allowsOrigin(origin: string): boolean {
    return this.#origins.has(origin) || this.#ownOrigins().includes(origin);
  }

  /** @throws HttpProblem HOST_NOT_ALLOWED, ORIGIN_NOT_ALLOWED */
  checkOrigin(headers: RequestHeaders): void {
    const { host, origin } = headers;
    if (!this.#bearers) checkLoopbackHost({ host }, this.options.bind, this.options.port());
    if (origin !== undefined) {
      if (!this.allowsOrigin(origin))
        throw new HttpProblem('ORIGIN_NOT_ALLOWED', 'The page that sent this is not one of those allowed.');
      return;
    }
    // A page can also make requests that carry no Origin, such as images; browsers then say where from.
    const site = headers['sec-fetch-site'];
    if (!this.#bearers && (site === 'cross-site' || site === 'same-site'))
      throw new HttpProblem('ORIGIN_NOT_ALLOWED', 'Another page sent this.');
  }

  /** The key text of `Authorization: Bearer KEY`, or undefined. */
  static bearer({ authorization }: RequestHeaders): string | undefined {
    return /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
  }

  /**
   * The key that `text` is, which must have the scope; undefined where no key is needed.
   * @throws HttpProblem KEY_MISSING, KEY_UNKNOWN, SCOPE_MISSING
   */
  checkKey(text: string | undefined, scope: Scope): ApiKey | undefined {
    if (this.options.keys === undefined) return undefined;
    if (text === undefined || text === '') throw new HttpProblem('KEY_MISSING', 'This server needs a key.');
    const key = this.options.keys().find(text, this.options.clock.now());
    if (key === undefined) throw new HttpProblem('KEY_UNKNOWN', 'The key is not one of those in force.');
    if (!key.scopes.includes(scope) && !key.scopes.includes('admin'))
      throw new HttpProblem('SCOPE_MISSING', `The key has no scope "${scope}".`);
    return key;
  }

  /** Both checks, for a request whose key stands in its headers. @throws HttpProblem */
  check(headers: RequestHeaders, scope: Scope): ApiKey | undefined {
    this.checkOrigin(headers);
    return this.checkKey(Access.bearer(headers), scope);
  }

  #ownOrigins(): string[] {
    return loopbackHosts(this.options.bind, this.options.port()).map((host) => `http://${host}`);
  }
}

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];

/** Of 127.0.0.0/8 a server takes besides the usual names only the address that it is bound to: no other reaches it. */
function loopbackHosts(bind: string, port: number): string[] {
  const own = isLoopback(bind) && isIPv4(bind) ? [...LOOPBACK_NAMES, bind] : LOOPBACK_NAMES;
  const names = own.map((name) => `${name}:${port}`);
  return port === 80 ? [...names, ...own] : names;
}

/** @throws HttpProblem HOST_NOT_ALLOWED unless the Host header names this machine and the port. */
export function checkLoopbackHost({ host }: RequestHeaders, bind: string, port: number): void {
  if (!loopbackHosts(bind, port).includes(host?.toLowerCase() ?? ''))
    throw new HttpProblem('HOST_NOT_ALLOWED', 'The Host header does not name this server on this machine.');
}

/** Whether an address to bind to can be reached from this machine only. */
export function isLoopback(bind: string): boolean {
  return bind === 'localhost' || bind === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(bind);
}
