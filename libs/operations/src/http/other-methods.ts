import type { FastifyInstance } from 'fastify';
import { sendProblem } from './fastify-answers.js';
import { HttpProblem } from './problems.js';

/**
 * Answers 405 with Allow (RFC 9110) where routes stand at a path and none of them takes the method, whoever made them:
 * Fastify says 404 there, as if nothing stood at it. Call it before the first route is made.
 */
export function refuseOtherMethods(fastify: FastifyInstance): void {
  const methodsByUrl = new Map<string, Set<string>>();
  fastify.addHook('onRoute', ({ url, method }) => {
    const methods = methodsByUrl.get(url) ?? new Set();
    methodsByUrl.set(url, methods);
    for (const one of [method].flat()) methods.add(one);
  });
  // Behind every onRequest hook: who may not ask at all is told that first.
  fastify.addHook('preParsing', (request, reply, _payload, done) => {
    const path = request.url.split('?')[0]!.split('/');
    const standing = request.is404 ? [...methodsByUrl].filter(([url]) => matches(url.split('/'), path)) : [];
    if (standing.length === 0) return done();
    reply.header('allow', [...new Set(standing.flatMap(([, methods]) => [...methods]))].join(', '));
    sendProblem(reply, new HttpProblem('METHOD_NOT_ALLOWED', `This path does not take ${request.method}.`));
  });
}

/** Whether a path is one of a route's: `:name` stands for one part of it, `*` at the end for all that follow. */
function matches(route: readonly string[], path: readonly string[]): boolean {
  const open = route.at(-1) === '*';
  return (
    (open ? path.length >= route.length : path.length === route.length) &&
    route.every((part, index) => part === '*' || part.startsWith(':') || part === path[index])
  );
}
