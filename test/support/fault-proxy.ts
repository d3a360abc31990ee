import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * pass: nothing happens. refuse: 503, the server never hears of it. drop: the connection ends before the server hears.
 * lose: the server does it, the answer is lost. hang: the server does it, no answer ever comes.
 */
export type Fault = 'pass' | 'refuse' | 'drop' | 'lose' | 'hang';

export interface FaultProxy {
  readonly url: string;
  /** How often each fault was done. */
  readonly done: Readonly<Record<Fault, number>>;
  stop(): Promise<void>;
}

/**
 * An HTTP proxy in front of a server, here ClickHouse, that fails as it is told.
 * @param decide gets the statement of the request when it is in the address (inserts are), else ''.
 */
export async function startFaultProxy(target: string, decide: (statement: string) => Fault): Promise<FaultProxy> {
  const done: Record<Fault, number> = { pass: 0, refuse: 0, drop: 0, lose: 0, hang: 0 };
  const server = createServer((incoming, outgoing) => {
    const fault = decide(new URL(incoming.url ?? '/', target).searchParams.get('query') ?? '');
    done[fault]++;
    if (fault === 'drop') return void incoming.socket.destroy();
    if (fault === 'refuse') {
      incoming.resume();
      return void outgoing
        .writeHead(503, { 'X-ClickHouse-Exception-Code': '202' })
        .end('Code: 202. DB::Exception: Too many simultaneous queries. (TOO_MANY_SIMULTANEOUS_QUERIES)\n');
    }
    pass(target, incoming, outgoing, fault);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    done,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function pass(target: string, incoming: IncomingMessage, outgoing: ServerResponse, fault: Fault): void {
  const { hostname, port } = new URL(target);
  const onward = forward(
    { hostname, port, path: incoming.url, method: incoming.method, headers: incoming.headers },
    (answer) => {
      if (fault === 'pass') {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
        return;
      }
      answer.resume();
      if (fault === 'lose') answer.on('end', () => outgoing.destroy());
    },
  );
  onward.on('error', () => outgoing.destroy());
  incoming.pipe(onward);
}
