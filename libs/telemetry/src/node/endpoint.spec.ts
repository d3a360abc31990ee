import { describe, expect, it } from '@jest/globals';
import { eventsUrl } from './endpoint.js';
import { HttpTransport } from './http-transport.js';

describe("A collector's endpoint", () => {
  it('is a base that may end in a slash, or stand below a path', () => {
    expect(eventsUrl('http://127.0.0.1:8080').href).toBe('http://127.0.0.1:8080/v1/events');
    expect(eventsUrl('https://collector.example/').href).toBe('https://collector.example/v1/events');
    expect(eventsUrl('https://site.example/collect').href).toBe('https://site.example/collect/v1/events');
  });

  it.each([['ftp://x'], ['file:///tmp'], ['localhost:8080'], ['collector.example'], ['']])(
    'is refused at once when it is %j',
    (endpoint) => {
      expect(() => new HttpTransport({ endpoint })).toThrow(TypeError);
      expect(() => new HttpTransport({ endpoint })).toThrow(/endpoint ".*" is not .*; give one such as http/);
    },
  );
});
