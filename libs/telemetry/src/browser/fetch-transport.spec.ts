import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '#libs/time/testing';
import fc from 'fast-check';
import { FetchTransport } from './fetch-transport.js';
import { InFlightBytes } from './in-flight.js';
import { StreamGzip } from './gzip.js';

const never = new AbortController().signal;
const bytes = (length: number) => new Uint8Array(length).fill(120);

function aTransport({ beaconsTaken = true } = {}) {
  const clock = new FakeClock();
  const requests: RequestInit[] = [];
  const beacons: Blob[] = [];
  const answers: (() => void)[] = [];
  const transport = new FetchTransport({
    endpoint: 'http://collector.example/',
    key: 'the key',
    clock,
    fetch: (_url, init) => {
      requests.push(init!);
      return new Promise((resolve, reject) => {
        const abort = () => reject(init!.signal!.reason as Error);
        if (init!.signal!.aborted) return abort();
        init!.signal!.addEventListener('abort', abort);
        answers.push(() => resolve(new Response('{}', { status: 202, headers: { 'retry-after': '3' } })));
      });
    },
    sendBeacon: (url, body) => {
      expect(url).toBe('http://collector.example/v1/events');
      if (beaconsTaken) beacons.push(body);
      return beaconsTaken;
    },
  });
  return { transport, clock, requests, beacons, answers };
}

describe('The fetch transport', () => {
  it('posts with key, encoding and keepalive, and passes the answer on', async () => {
    const { transport, requests, answers } = aTransport();
    const answer = transport.send({ body: bytes(10), encoding: 'gzip' }, never);
    answers[0]!();
    expect(await answer).toEqual({ status: 202, retryAfter: '3', body: '{}' });
    expect(requests[0]).toMatchObject({
      method: 'POST',
      keepalive: true,
      credentials: 'omit',
      headers: { authorization: 'Bearer the key', 'content-encoding': 'gzip', 'content-type': 'application/json' },
    });
  });

  it('never has more than 60,000 bytes in flight with keepalive, requests and beacons together', async () => {
    const { transport, requests, beacons, answers, clock } = aTransport();
    const first = transport.send({ body: bytes(40_000), encoding: 'identity' }, never);
    const second = transport.send({ body: bytes(25_000), encoding: 'identity' }, never);
    expect(requests.map(({ keepalive }) => keepalive)).toEqual([true, false]);
    expect([
      transport.beacon!(bytes(30_000)),
      transport.beacon!(bytes(19_000)),
      transport.beacon!(bytes(5_000)),
    ]).toEqual([false, true, false]);
    expect(beacons).toHaveLength(1);
    for (const answer of answers) answer();
    await Promise.all([first, second]);
    expect(transport.inFlight.bytes).toBe(beacons[0]!.size);
    await clock.advance(10_000);
    expect(transport.inFlight.bytes).toBe(0);
  });

  it('puts the key on the first line of a beacon, as plain text', async () => {
    const { transport, beacons } = aTransport();
    expect(transport.beacon!(new TextEncoder().encode('{"schema":1}'))).toBe(true);
    expect(beacons[0]!.type).toBe('text/plain');
    expect(await beacons[0]!.text()).toBe('{"key":"the key"}\n{"schema":1}');
  });

  it('gives back the room of a beacon that the browser did not take', () => {
    const { transport } = aTransport({ beaconsTaken: false });
    expect(transport.beacon!(bytes(1_000))).toBe(false);
    expect(transport.inFlight.bytes).toBe(0);
  });

  it('takes no room for a beacon that the browser refuses with an error', () => {
    const transport = new FetchTransport({
      endpoint: 'nowhere:',
      clock: new FakeClock(),
      sendBeacon: () => {
        throw new TypeError('the URL is none that beacons take');
      },
    });
    for (let i = 0; i < 3; i++) expect(() => transport.beacon!(bytes(40_000))).toThrow(TypeError);
    expect(transport.inFlight.bytes).toBe(0);
  });

  it('ends a request when it is told to stop', async () => {
    const { transport } = aTransport();
    const stop = new AbortController();
    const answer = expect(transport.send({ body: bytes(10), encoding: 'identity' }, stop.signal)).rejects.toThrow(
      'stop',
    );
    stop.abort(new Error('stop'));
    await answer;
    await expect(transport.send({ body: bytes(10), encoding: 'identity' }, stop.signal)).rejects.toThrow('stop');
    expect(transport.inFlight.bytes).toBe(0);
  });

  it('gives up on a collector that stays silent, and gives its room back', async () => {
    const { transport, clock } = aTransport();
    const answer = expect(transport.send({ body: bytes(10), encoding: 'identity' }, never)).rejects.toThrow('in time');
    await clock.advance(30_000);
    await answer;
    expect(transport.inFlight.bytes).toBe(0);
  });
});

describe('Bytes in flight', () => {
  it('never pass the bound, whatever is taken and given back', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(70_000), fc.boolean())), (steps) => {
        const room = new InFlightBytes();
        const held: number[] = [];
        for (const [size, giveBack] of steps) {
          if (giveBack && held.length > 0) room.give(held.pop()!);
          else if (room.take(size)) held.push(size);
          expect(room.bytes).toBe(held.reduce((sum, one) => sum + one, 0));
          expect(room.bytes).toBeLessThanOrEqual(60_000);
        }
      }),
    );
  });
});

describe('gzip by CompressionStream', () => {
  it('comes back the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), async (plain) => {
        const gzip = new StreamGzip();
        expect(Buffer.from(await gzip.decompress(await gzip.compress(plain))).equals(plain)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });
});
