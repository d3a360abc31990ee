import { isIPv6 } from 'node:net';

/** Addresses that mean every address of the machine, and a loopback one at which a server bound so answers. */
const EVERY_ADDRESS: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);

/** `http://HOST:PORT`, an IPv6 address in the brackets that a URL needs. Pure. */
export function httpUrl(host: string, port: number): string {
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** Where a program of this machine reaches a server that is bound to `bind`. Pure. */
export function localUrl(bind: string, port: number): string {
  return httpUrl(EVERY_ADDRESS.get(bind) ?? bind, port);
}
