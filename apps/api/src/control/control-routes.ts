import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CommandRequest, ControlSettings, InstanceReport, MAX_CONTROL_BYTES, SwitchRequest } from '#libs/contracts';
import {
  Access,
  corsHeaders,
  HttpProblem,
  preflightHeaders,
  sendProblem,
  TokenBucket,
  toHttpProblem,
  type ApiKey,
  type Logger,
  type Scope,
} from '#libs/operations';
import type { Clock } from '#libs/time';
import { EventStream, STREAM_HEADERS } from '../live/event-stream.js';
import type { ControlDesk } from './control-desk.js';
import type { ControlState } from './control-state.js';
import type { EntryPlace } from './entries.js';
import type { ControlStreams } from './control-streams.js';
import type { InstanceReports } from './instance-reports.js';
import {
  authorOf,
  bodyReader,
  checkService,
  etag,
  expectedOf,
  flag,
  instancePart,
  namePart,
  query,
  selectorPart,
  wholeNumber,
} from './requests.js';

const ROOT = '/v1/control';
const SERVICE = `${ROOT}/services/:service`;
const ENTRY = `${SERVICE}/caches/:cache/settings/:selector`;
/** Longest that a command's answers are waited for, ms. */
const MAX_WAIT_MS = 30_000;

/** Requests per second and key, and how many at once: those that change something, and reports of instances. */
export const CONTROL_RATES = { writes: [20, 100], reports: [2_000, 10_000] } as const;

export interface ControlRoutesParts {
  readonly desk: ControlDesk;
  readonly state: ControlState;
  readonly reports: InstanceReports;
  readonly streams: ControlStreams;
  readonly access: Access;
  readonly clock: Clock;
  readonly log: Logger;
  readonly rates?: Readonly<Record<keyof typeof CONTROL_RATES, readonly [perSecond: number, burst: number]>>;
}

type Params = Readonly<Record<string, string>>;
type Handle = (request: FastifyRequest, reply: FastifyReply, key: ApiKey | undefined) => Promise<unknown>;

/**
 * The control channel over HTTP, in a Fastify scope of its own: `read` to look, `control` to change and command, `listen`
 * for the instances, which may be of another origin.
 */
export function controlRoutes(parts: ControlRoutesParts): (scope: FastifyInstance) => Promise<void> {
  const { desk, state, reports, streams, access, clock, log, rates = CONTROL_RATES } = parts;
  const buckets = new Map<string, TokenBucket>();

  const takeOne = (kind: keyof typeof CONTROL_RATES, key: ApiKey | undefined): void => {
    const id = `${kind} ${key?.id ?? ''}`;
    const bucket = buckets.get(id) ?? new TokenBucket(...rates[kind], clock);
    buckets.set(id, bucket);
    const waitMs = bucket.waitMs();
    if (waitMs > 0)
      throw new HttpProblem('RATE_LIMITED', 'More requests come under this key than are taken.', {
        retryAfterMs: waitMs,
      });
    bucket.take(1);
  };

  /** Who may ask is decided before a byte of the body is taken. */
  const keys = new WeakMap<FastifyRequest, ApiKey>();
  const guarded = (needed: Scope, handle: Handle, rate?: keyof typeof CONTROL_RATES) => ({
    bodyLimit: MAX_CONTROL_BYTES,
    onRequest: async (request: FastifyRequest, reply: FastifyReply) => {
      access.checkOrigin(request.headers);
      const { origin } = request.headers;
      if (origin !== undefined) reply.headers(corsHeaders(origin));
      const key = access.checkKey(Access.bearer(request.headers), needed);
      if (key !== undefined) keys.set(request, key);
      if (rate !== undefined) takeOne(rate, key);
    },
    handler: (request: FastifyRequest, reply: FastifyReply) => handle(request, reply, keys.get(request)),
  });

  const serviceOf = (request: FastifyRequest, key: ApiKey | undefined): string => {
    const service = namePart('service', (request.params as Params).service);
    checkService(key, service);
    return service;
  };
  const placeOf = (request: FastifyRequest, key: ApiKey | undefined): EntryPlace => ({
    service: serviceOf(request, key),
    cache: namePart('cache', (request.params as Params).cache),
    selector: selectorPart((request.params as Params).selector!),
  });

  const settingsBody = bodyReader(ControlSettings);
  const switchBody = bodyReader(SwitchRequest);
  const commandBody = bodyReader(CommandRequest);
  const reportBody = bodyReader(InstanceReport);

  return async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_CONTROL_BYTES }, (_request, body, done) =>
      done(null, body),
    );
    scope.setErrorHandler((error, _request, reply) => {
      const problem = withOwnRemedy(toHttpProblem(error));
      if (problem.status >= 500 && problem.cause !== undefined)
        log.warn('A request to the control channel failed.', { code: problem.code, error: problem.cause });
      return sendProblem(reply, problem);
    });
    scope.addHook('onSend', async (_request, reply) => {
      if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
    });

    scope.get(
      `${ROOT}/services`,
      guarded('read', () => desk.services()),
    );
    scope.get(
      SERVICE,
      guarded('read', (request, _reply, key) => desk.service(serviceOf(request, key))),
    );
    scope.get(
      `${SERVICE}/history`,
      guarded('read', async (request, _reply, key) => ({ history: await state.history(serviceOf(request, key)) })),
    );
    scope.get(
      `${SERVICE}/instances`,
      guarded('read', (request, _reply, key) => desk.instances(serviceOf(request, key))),
    );

    scope.get(
      ENTRY,
      guarded('read', async (request, reply, key) => {
        const entry = await desk.entry(placeOf(request, key));
        return reply.header('etag', etag(entry.revision)).send(entry);
      }),
    );
    scope.put(
      ENTRY,
      guarded(
        'control',
        async (request, reply, key) => {
          const place = placeOf(request, key);
          const settings = settingsBody(request);
          if (flag(request, 'dryRun')) return desk.tryOut(place, settings, expectedOf(request));
          const { entry, created } = await desk.put(place, settings, expectedOf(request), authorOf(request, key));
          return reply
            .code(created ? 201 : 200)
            .header('etag', etag(entry.revision))
            .send(entry);
        },
        'writes',
      ),
    );
    scope.delete(
      ENTRY,
      guarded(
        'control',
        async (request, reply, key) => {
          const place = placeOf(request, key);
          if (flag(request, 'dryRun')) return desk.tryOut(place, undefined, expectedOf(request));
          await desk.remove(place, expectedOf(request), authorOf(request, key));
          return reply.code(204).send();
        },
        'writes',
      ),
    );

    scope.put(
      `${ROOT}/switch`,
      guarded(
        'control',
        async (request, _reply, key) => {
          if (key?.services !== undefined)
            throw new HttpProblem('SERVICE_NOT_ALLOWED', 'The key is for some services; this is for all of them.');
          return desk.setSwitch(undefined, switchBody(request).on, authorOf(request, key));
        },
        'writes',
      ),
    );
    scope.put(
      `${SERVICE}/switch`,
      guarded(
        'control',
        async (request, _reply, key) =>
          desk.setSwitch(serviceOf(request, key), switchBody(request).on, authorOf(request, key)),
        'writes',
      ),
    );

    scope.post(
      `${SERVICE}/commands`,
      guarded(
        'control',
        async (request, reply, key) => {
          const service = serviceOf(request, key);
          const body = commandBody(request);
          const selector = selectorPart(body.selector ?? 'all');
          const waitMs = wholeNumber(request, 'waitMs', MAX_WAIT_MS) ?? 0;
          const gone = new AbortController();
          reply.raw.once('close', () => gone.abort());
          const by = authorOf(request, key);
          const status = await desk.command(service, { ...body, selector }, by, { waitMs, signal: gone.signal });
          return reply.code(202).send(status);
        },
        'writes',
      ),
    );
    const commandOf = (request: FastifyRequest) => instancePart((request.params as Params).id);
    scope.get(
      `${SERVICE}/commands/:id`,
      guarded('read', (request, _reply, key) => desk.commandStatus(serviceOf(request, key), commandOf(request))),
    );
    scope.delete(
      `${SERVICE}/commands/:id`,
      guarded(
        'control',
        async (request, reply, key) => {
          await desk.withdraw(serviceOf(request, key), commandOf(request), authorOf(request, key));
          return reply.code(204).send();
        },
        'writes',
      ),
    );

    scope.get(
      `${ROOT}/stream`,
      guarded('listen', async (request, reply, key) => {
        const service = namePart('service', query(request).service);
        const instance = instancePart(query(request).instance);
        const started = clock.now() - (wholeNumber(request, 'ageMs', Number.MAX_SAFE_INTEGER) ?? 0);
        checkService(key, service);
        if (request.method === 'HEAD') return reply.headers(STREAM_HEADERS).send();
        if (streams.full)
          throw new HttpProblem('OVERLOADED', 'As many instances listen as this server allows.', {
            retryAfterMs: 30_000,
          });
        const { origin } = request.headers;
        if (streams.closed) throw new HttpProblem('STOPPING', 'This server is stopping.', { retryAfterMs: 1_000 });
        reply.hijack();
        // A stream is idle by nature between two events; the server's own timeout would end it.
        request.raw.socket.setTimeout(0);
        const stream = new EventStream(reply.raw, {
          // Ended by the server it would idle else, and hold up a stop for as long as it is kept.
          connection: 'close',
          ...(origin !== undefined && corsHeaders(origin)),
        });
        streams.add(stream, { service, instance, started }, lastEventId(request));
        return reply;
      }),
    );
    scope.post(
      `${ROOT}/answers`,
      guarded(
        'listen',
        async (request, reply, key) => {
          const report = reportBody(request);
          checkService(key, report.emitter.service);
          await reports.accept(report);
          return reply.code(204).send();
        },
        'reports',
      ),
    );
    for (const [path, methods] of [
      [`${ROOT}/stream`, ['GET']],
      [`${ROOT}/answers`, ['POST']],
    ] as const)
      scope.options(path, async (request, reply) => {
        access.checkOrigin(request.headers);
        const { origin } = request.headers;
        if (origin !== undefined) reply.headers(preflightHeaders(origin, methods));
        return reply
          .code(204)
          .header('allow', [...methods, 'OPTIONS'].join(', '))
          .send();
      });
  };
}

/** The remedies of these codes are for batches of events. */
function withOwnRemedy(problem: HttpProblem): HttpProblem {
  const { code, message, cause } = problem;
  if (code === 'TOO_LARGE') {
    const remedy = `Send at most ${MAX_CONTROL_BYTES} bytes at once: fewer keys in a command, or several of them.`;
    return new HttpProblem(code, message, { remedy, cause });
  }
  if (code === 'TYPE_NOT_SUPPORTED')
    return new HttpProblem(code, message, { remedy: 'Send the body as application/json.', cause });
  return problem;
}

/** What is none of ours counts as none: all of the state is sent then. */
function lastEventId({ headers }: FastifyRequest): number | undefined {
  const header = headers['last-event-id'];
  return typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}
