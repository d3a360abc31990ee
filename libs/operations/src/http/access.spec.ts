import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '#libs/time/testing';
import { SettingsError } from '../settings/settings.js';
import { Access, isLoopback, type AccessOptions } from './access.js';
import { ApiKeys, createKey } from './api-keys.js';
import { HttpProblem } from './problems.js';

const access = (over: Partial<AccessOptions> = {}) =>
  new Access({
    bind: '127.0.0.1',
    port: () => 8080,
    origins: ['https://library.example'],
    clock: new FakeClock(),
    ...over,
  });

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof HttpProblem) return error.code;
    throw error;
  }
  return 'allowed';
};

describe('Access on loopback without keys', () => {
  it.each([
    ['localhost:8080', undefined, undefined, 'allowed'],
    ['127.0.0.1:8080', undefined, undefined, 'allowed'],
    ['[::1]:8080', undefined, 'none', 'allowed'],
    ['LOCALHOST:8080', 'http://localhost:8080', 'same-origin', 'allowed'],
    ['localhost:8080', 'tauri://localhost', 'cross-site', 'allowed'],
    ['localhost:8080', 'http://tauri.localhost', undefined, 'allowed'],
    ['localhost:8080', 'https://tauri.localhost', undefined, 'allowed'],
    ['localhost:8080', 'https://library.example', 'cross-site', 'allowed'],
    ['localhost:8080', 'https://evil.example', 'cross-site', 'ORIGIN_NOT_ALLOWED'],
    ['localhost:8080', 'null', 'cross-site', 'ORIGIN_NOT_ALLOWED'],
    ['localhost:8080', 'http://localhost:3000', 'same-site', 'ORIGIN_NOT_ALLOWED'],
    ['localhost:8080', 'https://localhost:8080', undefined, 'ORIGIN_NOT_ALLOWED'],
    ['localhost:8080', undefined, 'cross-site', 'ORIGIN_NOT_ALLOWED'],
    ['localhost:8080', undefined, 'same-site', 'ORIGIN_NOT_ALLOWED'],
    ['localhost:9999', undefined, undefined, 'HOST_NOT_ALLOWED'],
    ['localhost', undefined, undefined, 'HOST_NOT_ALLOWED'],
    ['rebound.example:8080', 'http://rebound.example:8080', 'same-origin', 'HOST_NOT_ALLOWED'],
    ['localhost.evil.example:8080', undefined, undefined, 'HOST_NOT_ALLOWED'],
    [undefined, undefined, undefined, 'HOST_NOT_ALLOWED'],
  ])('with host %s, origin %s and site %s: %s', (host, origin, site, outcome) => {
    expect(codeOf(() => access().check({ host, origin, 'sec-fetch-site': site }, 'write'))).toBe(outcome);
  });

  it('knows hosts without a port on port 80', () => {
    expect(codeOf(() => access({ port: () => 80 }).check({ host: 'localhost' }, 'read'))).toBe('allowed');
  });

  it.each([
    ['127.0.0.2:8080', undefined, 'allowed'],
    ['127.0.0.2:8080', 'http://127.0.0.2:8080', 'allowed'],
    ['localhost:8080', undefined, 'allowed'],
    ['127.0.0.3:8080', undefined, 'HOST_NOT_ALLOWED'],
    ['127.0.0.2:8080', 'http://127.0.0.3:8080', 'ORIGIN_NOT_ALLOWED'],
  ])('bound to 127.0.0.2, with host %s and origin %s: %s', (host, origin, outcome) => {
    expect(codeOf(() => access({ bind: '127.0.0.2' }).check({ host, origin }, 'write'))).toBe(outcome);
  });
});

describe('Access with keys', () => {
  const writer = createKey({ id: 'writer', scopes: ['write'] });
  const admin = createKey({ id: 'admin', scopes: ['admin'] });
  const keys = new ApiKeys([writer.entry, admin.entry]);
  const guarded = access({ bind: '0.0.0.0', keys: () => keys });
  const ask = (authorization: string | undefined, scope: 'write' | 'read' = 'write') =>
    codeOf(() => guarded.check({ host: 'collector.example', authorization }, scope));

  it.each([
    [undefined, 'write', 'KEY_MISSING'],
    ['Basic abc', 'write', 'KEY_MISSING'],
    ['Bearer nobody.nothing', 'write', 'KEY_UNKNOWN'],
    [`Bearer ${writer.text}`, 'write', 'allowed'],
    [`bearer ${writer.text}`, 'write', 'allowed'],
    [`Bearer ${writer.text}`, 'read', 'SCOPE_MISSING'],
    [`Bearer ${admin.text}`, 'read', 'allowed'],
  ] as const)('answers %s for %s with %s', (authorization, scope, outcome) => {
    expect(ask(authorization, scope)).toBe(outcome);
  });

  it('still lets only pages of allowed origins call', () => {
    const headers = {
      host: 'collector.example',
      origin: 'https://evil.example',
      authorization: `Bearer ${writer.text}`,
    };
    expect(codeOf(() => guarded.check(headers, 'write'))).toBe('ORIGIN_NOT_ALLOWED');
  });

  it.each([['0.0.0.0'], ['::'], ['192.168.1.5'], ['127.0.0.1.example']])(
    'refuses to be bound to %s without keys',
    (bind) => {
      expect(() => access({ bind })).toThrow(SettingsError);
      expect(() => access({ bind, keys: () => new ApiKeys([]) })).toThrow(/alperf -- keys create --id/);
    },
  );

  it.each([['127.0.0.1'], ['127.8.8.8'], ['localhost'], ['::1']])('takes %s for loopback', (bind) => {
    expect(isLoopback(bind)).toBe(true);
  });
});
