import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { checkLoopbackHost, isLoopback } from './access.js';
import { sendProblem } from './fastify-answers.js';

export interface HostGuardOptions {
  /** The address that the server is bound to. */
  readonly bind: string;
  /** Whether keys are set: then a name in front of it (a proxy's) may stand in the Host header. Default false. */
  readonly needsKey?: boolean;
}

/**
 * Checks the Host header before every route, `/metrics`, `/health`, `/ready` and the page among them, where a server is
 * bound to loopback without keys: a page whose name was rebound to 127.0.0.1 could read them else. Probes ask 127.0.0.1 or
 * localhost. A server that others may reach is asked by any name (a probe by its address, Prometheus by a service's name).
 * Call it before the application is created.
 */
export function guardHost(adapter: FastifyAdapter, { bind, needsKey = false }: HostGuardOptions): void {
  if (needsKey || !isLoopback(bind)) return;
  const fastify = adapter.getInstance();
  fastify.addHook('onRequest', (request, reply, done) => {
    try {
      checkLoopbackHost(request.headers, bind, request.socket.localPort ?? 0);
    } catch (error) {
      sendProblem(reply, error);
      return;
    }
    done();
  });
}
