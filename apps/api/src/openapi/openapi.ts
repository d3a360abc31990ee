import {
  Accepted,
  ActiveAlert,
  AlertsAnswer,
  BatchHeader,
  CommandRequest,
  CommandStatus,
  ControlCommand,
  ControlHello,
  ControlSettings,
  ControlState,
  ControlSwitch,
  EVENT_SCHEMAS,
  HistoryAnswer,
  InstanceReport,
  InstancesAnswer,
  MAX_BATCH_EVENTS,
  PipelineStatus,
  PostedLetter,
  Problem,
  ServiceControl,
  ServicesAnswer,
  SettingsDryRun,
  SettingsEntry,
  StatusPartition,
  StatusPoint,
  SwitchRequest,
} from '#libs/contracts';
import { controlPaths } from './control-paths.js';
import { json, problem, ref, refusals, retried, type Json } from './parts.js';

/** Component name of an event kind: `cache.window` is CacheWindow. */
export function schemaName(kind: string): string {
  return kind.replace(/(?:^|\.)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The OpenAPI 3.1 document of the collector, the alerter and the API, out of the same schemas that validate. Pure. */
export function openApiDocument(version: string): Json {
  const kinds = Object.keys(EVENT_SCHEMAS);
  const events = Object.fromEntries(
    Object.entries(EVENT_SCHEMAS).map(([kind, schema]) => [schemaName(kind), plain(schema)]),
  );
  const header = plain(BatchHeader) as { properties: Json; required: readonly string[] };
  const letter = plain(PostedLetter) as { properties: Json };
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'AlLibrary Performance',
      version,
      summary: 'Takes cache, load and metric events, and says how complete its answers are.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{}, { key: [] }],
    paths: {
      '/v1/events': { post: postEvents(), options: preflightEvents() },
      '/v1/dead-letters/replay': { post: replayLetters() },
      '/v1/status': {
        get: {
          operationId: 'getStatus',
          summary: 'The pipeline as it is now: rates, totals, lag, watermark, audit.',
          responses: { 200: json(ref('PipelineStatus'), 'The status.'), ...refusals() },
        },
      },
      '/v1/status/stream': {
        get: {
          operationId: 'streamStatus',
          summary: 'The status once a second, as server-sent events.',
          description:
            'First an event named `recent` (a list of StatusPoint, oldest first), then one named `status` (a PipelineStatus) ' +
            'per second. Each is whole: after a reconnect nothing needs to be made up for, Last-Event-ID is not needed.',
          responses: {
            200: {
              description: 'A stream that does not end.',
              content: { 'text/event-stream': { schema: { type: 'string' } } },
            },
            ...refusals(),
            503: retried('As many clients watch as the server allows.'),
          },
        },
      },
      '/api/v1/alerts': {
        get: {
          operationId: 'getAlerts',
          summary: "The pipeline's own alerts that are pending or fire, in the shape of Prometheus' HTTP API.",
          description: 'Answered by the alerter: port 9093 where the apps run apart.',
          responses: { 200: json(ref('AlertsAnswer'), 'The alerts.'), ...refusals() },
        },
      },
      ...controlPaths(),
      '/health': open(
        'getHealth',
        'Whether the process lives.',
        json({ type: 'object', properties: { status: { const: 'ok' } }, required: ['status'] }, 'It lives.'),
      ),
      '/ready': {
        get: {
          operationId: 'getReadiness',
          summary: 'Whether it can do its work: each dependency by name.',
          security: [{}],
          responses: {
            200: json(ref('Readiness'), 'All of them answer.'),
            503: json(ref('Readiness'), 'One of them does not.'),
          },
        },
      },
      '/metrics': open('getMetrics', 'Self-metrics.', {
        description: "Prometheus' text format.",
        content: { 'text/plain': { schema: { type: 'string' } } },
      }),
      '/openapi.json': open('getOpenApi', 'This document.', json({ type: 'object' }, 'OpenAPI 3.1.')),
      '/': open('getPage', 'The page: the pipeline alive.', HTML),
      '/index.html': open('getIndex', 'The same page by its name.', HTML),
      '/favicon.svg': open('getIcon', "The page's icon.", {
        description: 'The icon.',
        content: { 'image/svg+xml': { schema: { type: 'string' } } },
      }),
      '/assets/{file}': {
        get: {
          operationId: 'getAsset',
          summary: 'Scripts and styles of the page. Their names change with their content.',
          security: [{}],
          parameters: [{ name: 'file', in: 'path', required: true, schema: { type: 'string' } }],
          responses: { 200: { description: 'The file.' }, 404: problem('There is no such file.') },
        },
      },
      '/runbooks/{file}': {
        get: {
          operationId: 'getRunbook',
          summary: 'What to do about an alert, such as `PipelineStalled.md`: Markdown as text.',
          security: [{}],
          parameters: [{ name: 'file', in: 'path', required: true, schema: { type: 'string' } }],
          responses: {
            200: { description: 'The runbook.', content: { 'text/plain': { schema: { type: 'string' } } } },
            404: problem('There is no such file.'),
          },
        },
      },
    },
    components: {
      securitySchemes: {
        key: {
          type: 'http',
          scheme: 'bearer',
          description:
            'An API key: scope `write` to post, `read` to read, `listen` to be controlled, `control` to change what is desired, ' +
            '`admin` to replay dead letters. Bound to loopback, none is needed.',
        },
      },
      schemas: {
        ...events,
        Event: {
          oneOf: kinds.map((kind) => ref(schemaName(kind))),
          discriminator: {
            propertyName: 'kind',
            mapping: Object.fromEntries(kinds.map((kind) => [kind, `#/components/schemas/${schemaName(kind)}`])),
          },
        },
        Batch: {
          ...header,
          description: 'What an emitter posts at once. A batch without events is a heartbeat.',
          properties: {
            ...header.properties,
            events: { type: 'array', maxItems: MAX_BATCH_EVENTS, items: ref('Event') },
          },
          required: [...header.required, 'events'],
        },
        DeadLetters: {
          type: 'object',
          properties: { letters: { type: 'array', maxItems: MAX_BATCH_EVENTS, items: ref('DeadLetter') } },
          required: ['letters'],
        },
        DeadLetter: { ...letter, properties: { ...letter.properties, event: ref('Event') } },
        Accepted: plain(Accepted),
        Problem: plain(Problem),
        AlertsAnswer: plain(AlertsAnswer),
        ActiveAlert: plain(ActiveAlert),
        PipelineStatus: plain(PipelineStatus),
        StatusPartition: plain(StatusPartition),
        StatusPoint: plain(StatusPoint),
        ...Object.fromEntries(Object.entries(CONTROL).map(([name, schema]) => [name, plain(schema)])),
        Readiness: READINESS,
      },
    },
  };
  return document;
}

const CONTROL = {
  CommandRequest,
  CommandStatus,
  ControlCommand,
  ControlHello,
  ControlSettings,
  ControlState,
  ControlSwitch,
  HistoryAnswer,
  InstanceReport,
  InstancesAnswer,
  ServiceControl,
  ServicesAnswer,
  SettingsDryRun,
  SettingsEntry,
  SwitchRequest,
};

const HTML: Json = { description: 'The page.', content: { 'text/html': { schema: { type: 'string' } } } };

const READINESS: Json = {
  type: 'object',
  properties: {
    status: { enum: ['ready', 'not_ready'] },
    checks: {
      type: 'object',
      additionalProperties: {
        type: 'object',
        properties: { ok: { type: 'boolean' }, detail: { type: 'string' }, latencyMs: { type: 'number' } },
        required: ['ok', 'detail', 'latencyMs'],
      },
    },
  },
  required: ['status', 'checks'],
};

const CONTENT_ENCODING: Json = {
  name: 'Content-Encoding',
  in: 'header',
  schema: { enum: ['identity', 'gzip', 'zstd', 'br'] },
  description: 'At most 1 MiB encoded, 8 MiB decoded.',
};

function preflightEvents(): Json {
  return {
    operationId: 'preflightEvents',
    summary: 'What a browser asks before it posts from another origin.',
    security: [{}],
    responses: { 204: { description: 'What may be posted from there.' }, 403: problem('The origin may not post.') },
  };
}

function replayLetters(): Json {
  return {
    operationId: 'replayDeadLetters',
    summary: 'Posts mended dead letters again, under their own identity.',
    description:
      'Each is judged by the time at which its batch was accepted first, and adds nothing where its identity is stored: ' +
      'replaying twice counts once. Indexes in the answer are positions in `letters`.',
    parameters: [CONTENT_ENCODING],
    requestBody: { required: true, content: { 'application/json': { schema: ref('DeadLetters') } } },
    responses: {
      202: json(ref('Accepted'), 'The log has those that were accepted.'),
      400: problem('Not JSON, or no list of dead letters.'),
      ...refusals(),
      413: problem('Too large.'),
      415: problem('Not application/json, or an encoding that is not known.'),
      429: retried('More than this key may send.'),
      503: retried('The log is full or cannot be reached.'),
    },
  };
}

function postEvents(): Json {
  const batch = { schema: ref('Batch') };
  return {
    operationId: 'postEvents',
    summary: 'Posts a batch of events.',
    description:
      'Answered 202 only when the log has it. A batch is accepted in part: rejected events are listed by index, the rest ' +
      'is kept. Send the same bytes again, under the same sequence, until an answer comes: repeats are counted once.',
    parameters: [CONTENT_ENCODING],
    requestBody: {
      required: true,
      content: {
        'application/json': batch,
        'text/plain': {
          schema: { type: 'string', description: 'From a beacon: a line `{"key":"…"}`, then the batch as JSON.' },
        },
      },
    },
    responses: {
      202: json(ref('Accepted'), 'The log has it.'),
      400: problem('Not JSON, not a batch, or a newer schema.'),
      ...refusals(),
      405: problem('Not POST.'),
      413: problem('Too large.'),
      415: problem('Neither application/json nor text/plain, or an encoding that is not known.'),
      429: retried('More than this key may send.'),
      503: retried('The log is full or cannot be reached.'),
    },
  };
}

function open(operationId: string, summary: string, ok: Json): Json {
  return { get: { operationId, summary, security: [{}], responses: { 200: ok } } };
}

/** A schema without what TypeBox adds for itself. */
function plain(schema: unknown): Json {
  return JSON.parse(JSON.stringify(schema)) as Json;
}
