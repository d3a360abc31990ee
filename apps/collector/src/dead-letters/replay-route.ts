import type { FastifyInstance } from 'fastify';
import { MAX_BATCH_BYTES } from '#libs/contracts';
import { HttpProblem, parseJson, sendProblem, toHttpProblem, type Access, type ApiKey } from '#libs/operations';
import { contentEncoding, decodeBody } from '../ingest/decode-body.js';
import type { InFlight } from '../ingest/in-flight.js';
import { bodyType } from '../ingest/parse-body.js';
import type { CollectorTelemetry } from '../telemetry.js';
import type { DeadLetterReplay } from './dead-letter-replay.js';

export const REPLAY_PATH = '/v1/dead-letters/replay';

export interface ReplayRouteParts {
  readonly replay: DeadLetterReplay;
  readonly access: Access;
  readonly inFlight: InFlight;
  readonly telemetry: CollectorTelemetry;
}

/** `POST /v1/dead-letters/replay`, for keys of scope admin, or programs of this machine where there are no keys. */
export function replayRoute({ replay, access, inFlight, telemetry }: ReplayRouteParts) {
  return async (scope: FastifyInstance): Promise<void> => {
    const keys = new WeakMap<object, ApiKey>();
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_BATCH_BYTES }, (_request, body, done) =>
      done(null, body),
    );
    scope.setErrorHandler((error, _request, reply) => {
      const problem = toHttpProblem(error);
      telemetry.refused(problem.code);
      return sendProblem(reply, problem);
    });
    scope.post(REPLAY_PATH, {
      bodyLimit: MAX_BATCH_BYTES,
      onRequest: async (request, reply) => {
        const key = access.check(request.headers, 'admin');
        if (key !== undefined) keys.set(request, key);
        if (bodyType(request.headers['content-type']) !== 'json')
          throw new HttpProblem('TYPE_NOT_SUPPORTED', 'Dead letters are posted as application/json.');
        reply.raw.once('close', inFlight.reserve(MAX_BATCH_BYTES));
      },
      handler: async (request, reply) => {
        const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        const body = parseJson(decodeBody(bytes, contentEncoding(request.headers['content-encoding'])));
        return reply.code(202).send(await replay.accept(body, keys.get(request)));
      },
    });
  };
}
