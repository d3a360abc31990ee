import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '#libs/time/testing';
import { FetchTransport } from './browser/fetch-transport.js';
import { eventsUrl } from './endpoint.js';
import { HttpTransport } from './node/http-transport.js';

describe("A collector's endpoint", () => {
  it('is a base that may end in a slash, or stand below a path', () => {
    expect(eventsUrl('http://127.0.0.1:8080').href).toBe('http://127.0.0.1:8080/v1/events');
    expect(eventsUrl('https://collector.example/').href).toBe('https://collector.example/v1/events');
    expect(eventsUrl('https://site.example/collect').href).toBe('https://site.example/collect/v1/events');
  });

  it('may be relative to a page', () => {
    expect(eventsUrl('', 'https://site.example/books/7').href).toBe('https://site.example/v1/events');
    expect(eventsUrl('/collect', 'https://site.example/books/7').href).toBe('https://site.example/collect/v1/events');
  });

  it.each([['ftp://x'], ['file:///tmp'], ['localhost:8080'], ['collector.example'], ['']])(
    'is refused at once when it is %j, in Node and in a browser',
    (endpoint) => {
      expect(() => new HttpTransport({ endpoint })).toThrow(TypeError);
      expect(() => new FetchTransport({ endpoint, clock: new FakeClock() })).toThrow(TypeError);
      expect(() => new HttpTransport({ endpoint })).toThrow(/endpoint ".*" is not .*; give one such as http/);
    },
  );
});
