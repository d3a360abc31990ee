import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { answerClientError, sendProblem } from './fastify-answers.js';
import { refuseOtherMethods } from './other-methods.js';

export interface HttpServerLimits {
  /** Connections at one time; more are closed at once. Default 5,000. */
  readonly maxConnections?: number;
  /** How long the headers of a request may take, ms. Default 10,000. */
  readonly headersTimeoutMs?: number;
  /** How long a whole request may take to arrive, ms. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /** How long an idle connection is kept, ms. Default 65,000: longer than a load balancer keeps its side. */
  readonly keepAliveTimeoutMs?: number;
  /** How often the two timeouts are looked at, ms. Default 1,000. */
  readonly checkEveryMs?: number;
}

/**
 * Fastify under Nest, with bounds on connections and slow senders, and a problem body for all that Node or Fastify
 * refuses before a route is reached, a method that a path does not take among it. It logs nothing: no address gets into a
 * log. Create the application with `bodyParser: false` when no route of it needs Nest's own.
 */
export function httpAdapter(limits: HttpServerLimits = {}): FastifyAdapter {
  const adapter = new FastifyAdapter({
    logger: false,
    // Nest middleware is not used: hooks and guards do the same without a detour on each request.
    skipMiddie: true,
    bodyLimit: 1_048_576,
    clientErrorHandler: answerClientError,
    frameworkErrors: (error: FastifyError, _request: FastifyRequest, reply: FastifyReply) => {
      sendProblem(reply, error);
    },
    // While it closes, requests on open connections are still served, with Connection: close.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    http: {
      maxHeaderSize: 16_384,
      connectionsCheckingInterval: limits.checkEveryMs ?? 1_000,
    },
  });
  const server = adapter.getInstance().server;
  server.maxConnections = limits.maxConnections ?? 5_000;
  // Fastify sets them from its own options, which have no default.
  server.headersTimeout = limits.headersTimeoutMs ?? 10_000;
  server.requestTimeout = limits.requestTimeoutMs ?? 30_000;
  server.keepAliveTimeout = limits.keepAliveTimeoutMs ?? 65_000;
  letGoWhileClosing(adapter.getInstance());
  refuseOtherMethods(adapter.getInstance());
  return adapter;
}

/**
 * Closing ends the connections that are idle at that moment. Two others would keep the server from closing until the other
 * side lets go: one whose request is still answered becomes idle later, and one that has not sent a byte, as browsers and
 * fetch open them in advance, is none that Node counts as idle.
 */
function letGoWhileClosing(fastify: FastifyInstance): void {
  let closing = false;
  const silent = new Set<Socket>();
  const letGo = (socket: Socket) => socket.bytesRead === 0 && socket.destroy();
  fastify.server.on('connection', (socket: Socket) => {
    if (closing) letGo(socket);
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  fastify.server.on('request', ({ socket }: IncomingMessage) => silent.delete(socket));
  fastify.addHook('preClose', async () => {
    closing = true;
    for (const socket of silent) letGo(socket);
  });
  fastify.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close');
  });
  // The answer may have been on its way already when the closing began.
  fastify.addHook('onResponse', async () => {
    if (closing) setImmediate(() => fastify.server.closeIdleConnections());
  });
}
