import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { MAX_BATCH_BYTES } from '#libs/contracts';
import {
  Access,
  corsHeaders,
  HttpProblem,
  preflightHeaders,
  sendProblem,
  toHttpProblem,
  type ApiKey,
  type Logger,
} from '#libs/operations';
import type { Collector } from '../collector.js';
import type { CollectorTelemetry } from '../telemetry.js';
import { contentEncoding } from './decode-body.js';
import type { InFlight } from './in-flight.js';
import { bodyType, type BodyType } from './parse-body.js';

export const EVENTS_PATH = '/v1/events';

/** Browsers send no larger beacon (64 KiB in flight), and its key is known only once it is read. */
const MAX_BEACON_BYTES = 65_536;

export interface EventsRouteParts {
  readonly collector: Collector;
  readonly access: Access;
  readonly inFlight: InFlight;
  readonly telemetry: CollectorTelemetry;
  readonly log: Logger;
}

/**
 * `POST /v1/events` in a Fastify scope of its own: its raw body parser and its answers do not touch the routes of
 * whoever shares the server.
 */
export function eventsRoute(parts: EventsRouteParts): (scope: FastifyInstance) => Promise<void> {
  const { collector, access, inFlight, telemetry, log } = parts;
  const keys = new WeakMap<FastifyRequest, ApiKey>();

  /** All that can be said from the headers is said before a byte of the body is taken. */
  const admitHeaders = (request: FastifyRequest, reply: FastifyReply): void => {
    allowOrigin(access, request, reply);
    const type = bodyType(request.headers['content-type']);
    const encoding = contentEncoding(request.headers['content-encoding']);
    // A beacon's key is in its body: nobody without one may have us decode. Browsers set no such header on it anyway.
    if (type === 'beacon' && encoding !== 'identity')
      throw new HttpProblem('ENCODING_NOT_SUPPORTED', 'A beacon (text/plain) may not be encoded.');
    const bearer = Access.bearer(request.headers);
    if (bearer !== undefined || type === 'json') {
      const key = access.checkKey(bearer, 'write');
      if (key !== undefined) keys.set(request, key);
    }
    const release = inFlight.reserve(announcedBytes(request, type));
    reply.raw.once('close', release);
  };

  return async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_BATCH_BYTES }, (_request, body, done) =>
      done(null, body),
    );
    scope.setErrorHandler((error, _request, reply) => {
      const problem = toHttpProblem(error);
      telemetry.refused(problem.code);
      if (problem.status >= 500 && problem.cause !== undefined)
        log.warn('A batch could not be taken.', { code: problem.code, error: problem.cause });
      return sendProblem(reply, problem);
    });

    scope.post(EVENTS_PATH, {
      bodyLimit: MAX_BATCH_BYTES,
      onRequest: async (request, reply) => admitHeaders(request, reply),
      handler: async (request, reply) => {
        const accepted = await collector.accept({
          bytes: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
          contentType: request.headers['content-type'],
          contentEncoding: request.headers['content-encoding'],
          key: keys.get(request),
        });
        // As bytes: Fastify's own serialisation would look for a schema first.
        return reply
          .code(202)
          .header('content-type', 'application/json; charset=utf-8')
          .send(Buffer.from(JSON.stringify(accepted)));
      },
    });

    scope.options(EVENTS_PATH, async (request, reply) => {
      allowOrigin(access, request, reply);
      const { origin } = request.headers;
      if (origin !== undefined) reply.headers(preflightHeaders(origin, ['POST']));
      return reply.code(204).header('allow', 'POST, OPTIONS').send();
    });
  };
}

function allowOrigin(access: Access, request: FastifyRequest, reply: FastifyReply): void {
  access.checkOrigin(request.headers);
  const { origin } = request.headers;
  // Before anything can fail, so that a page can read the problem, too.
  if (origin !== undefined) reply.headers(corsHeaders(origin));
}

/** What a request may hold in memory until it is read. @throws HttpProblem TOO_LARGE, and then nothing was read. */
function announcedBytes(request: FastifyRequest, type: BodyType): number {
  const most = type === 'beacon' ? MAX_BEACON_BYTES : MAX_BATCH_BYTES;
  const length = request.headers['content-length'];
  const announced = length === undefined ? most : Number(length);
  if (announced > most) throw new HttpProblem('TOO_LARGE', `The body is larger than ${most} bytes.`);
  return announced;
}
