import { once } from 'node:events';
import { createServer } from 'node:net';

/** Listens for a moment, so that a start can fail before it has made anything. @throws what keeps the port from being taken */
export async function tryPort(host: string, port: number): Promise<void> {
  const server = createServer();
  server.listen(port, host);
  await once(server, 'listening');
  server.close();
  await once(server, 'close');
}
