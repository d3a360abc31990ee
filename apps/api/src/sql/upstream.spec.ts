import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { FakeClock } from '#libs/time/testing';
import { Turns } from './turns.js';
import { ABANDON_AFTER_MS, Upstream } from './upstream.js';

describe('A query whose connection went dead without a word', () => {
  const clock = new FakeClock();
  const sockets: Socket[] = [];
  let silent: Server;
  let upstream: Upstream;

  beforeEach(async () => {
    silent = createServer((socket) => sockets.push(socket.on('error', () => undefined))).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    upstream = new Upstream({ url: `http://127.0.0.1:${port}`, username: 'alperf', password: '' }, clock);
  });
  afterEach(async () => {
    upstream.close();
    for (const socket of sockets) socket.destroy();
    silent.close();
    await once(silent, 'close');
  });

  it('holds its place after it was given up, and gives it back in the end', async () => {
    const turns = new Turns({ maxConcurrent: 1, maxConcurrentPerClient: 1, maxWaiting: 1, maxWaitingPerClient: 1 });
    const turn = await turns.take('a', new AbortController().signal);
    const gone = new AbortController();
    const asked = upstream.ask({ sql: 'SELECT 1', parameters: [], signal: gone.signal, turn });
    gone.abort(new Error('The client went away.'));
    await expect(asked).rejects.toThrow('The client went away.');
    turn.end();
    let came = false;
    const next = turns.take('a', new AbortController().signal).then(() => (came = true));
    await clock.advance(ABANDON_AFTER_MS - 1);
    expect(came).toBe(false);
    await clock.advance(1);
    expect(await next).toBe(true);
  });
});
