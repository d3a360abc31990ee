import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dockerAnswers } from './container.js';

describe('Looking for Docker', () => {
  const folder = mkdtempSync(join(tmpdir(), 'alperf-docker-'));
  const path = join(folder, 'docker.sock');
  const sockets: Socket[] = [];
  let server: Server | undefined;
  const listen = async (onConnection: (socket: Socket) => void) => {
    server = createServer((socket) => {
      sockets.push(socket);
      onConnection(socket);
    }).listen(path);
    await once(server, 'listening');
  };
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    if (server !== undefined) await new Promise((resolve) => server!.close(resolve));
    server = undefined;
    rmSync(path, { force: true });
  });

  it('finds a daemon that answers its ping', async () => {
    await listen((socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK')));
    expect(await dockerAnswers(`unix://${path}`)).toBe(true);
  });

  it('finds none behind an error, a socket that is silent, a missing one or another protocol', async () => {
    expect(await dockerAnswers(`unix://${path}`)).toBe(false);
    expect(await dockerAnswers('ssh://somewhere')).toBe(false);
    await listen(() => undefined);
    expect(await dockerAnswers(`unix://${path}`)).toBe(false);
    server!.removeAllListeners('connection').on('connection', (socket) => {
      sockets.push(socket);
      socket.end('HTTP/1.1 500 Internal Server Error\r\n\r\n');
    });
    expect(await dockerAnswers(`unix://${path}`)).toBe(false);
  });
});
