import { describe, expect, it } from '@jest/globals';
import { httpUrl, localUrl } from './http-url.js';

describe('A URL of a server', () => {
  it.each([
    ['127.0.0.1', 'http://127.0.0.1:8080'],
    ['localhost', 'http://localhost:8080'],
    ['::1', 'http://[::1]:8080'],
    ['[::1]', 'http://[::1]:8080'],
    ['fe80::1', 'http://[fe80::1]:8080'],
  ])('at %s is %s, which is a URL', (host, url) => {
    expect(httpUrl(host, 8080)).toBe(url);
    expect(new URL(url).port).toBe('8080');
  });

  it.each([
    ['0.0.0.0', 'http://127.0.0.1:8080'],
    ['::', 'http://[::1]:8080'],
    // Loopback would not lead there.
    ['192.0.2.7', 'http://192.0.2.7:8080'],
    ['127.0.0.2', 'http://127.0.0.2:8080'],
    ['::1', 'http://[::1]:8080'],
  ])('bound to %s is, for a program of this machine, %s', (bind, url) => {
    expect(localUrl(bind, 8080)).toBe(url);
  });
});
