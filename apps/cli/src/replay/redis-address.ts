import { UsageError } from '../command/errors.js';

/** A Redis server as it was given. */
export interface RedisAddress {
  /** With user and password, if there are any: for the connection alone, never shown. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Number of the database. */
  readonly database: number;
}

/** @throws UsageError that does not repeat the address: it may hold a password */
export function redisAddress(text: string): RedisAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const database = /^\/?(\d{0,4})$/.exec(url?.pathname ?? '-')?.[1];
  if (url === undefined || !/^rediss?:$/.test(url.protocol) || url.hostname === '' || database === undefined)
    throw new UsageError(
      '--redis is no address of a Redis server.',
      'An address looks like redis://127.0.0.1:6379, or redis://user:password@host:6379/0; rediss:// for TLS. In a user and a password, write what is no letter or digit as %2F and the like.',
    );
  return { url: text, host: url.hostname, port: Number(url.port || 6379), database: Number(database) };
}

/** Host, port and database, without what is secret. Pure. */
export function placeOf({ host, port, database }: RedisAddress): string {
  return `${host}:${port}${database === 0 ? '' : `/${database}`}`;
}
