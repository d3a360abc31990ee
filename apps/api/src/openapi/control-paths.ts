import { MAX_CONTROL_BYTES } from '#libs/contracts';
import { json, problem, ref, refusals, retried, type Json } from './parts.js';

const inPath = (name: string, description: string): Json => ({
  name,
  in: 'path',
  required: true,
  schema: { type: 'string' },
  description,
});
const inQuery = (name: string, schema: Json, description: string, required = false): Json => ({
  name,
  in: 'query',
  required,
  schema,
  description,
});
const service = inPath('service', 'Name of the service.');
const cache = inPath('cache', 'Name of the cache.');
const selector = inPath('selector', 'Which instances: `all`, `share:0.05`, `instance:UUID`.');
const command = inPath('id', 'Id of the command.');
const role = inQuery('role', { enum: ['operator', 'controller'] }, 'Who changes it. Default operator.');
const dryRun = inQuery('dryRun', { type: 'boolean' }, 'Only says what would change, in the instances that listen.');
const ifMatch: Json = {
  name: 'If-Match',
  in: 'header',
  schema: { type: 'string' },
  description: 'The revision that is to be replaced, as its ETag; `*` for any. Left out, there must be nothing yet.',
};

const body = (name: string): Json => ({ required: true, content: { 'application/json': { schema: ref(name) } } });
const etag = { headers: { ETag: { description: 'Its revision.', schema: { type: 'string' } } } };

const reading = (operationId: string, summary: string, name: string, parameters: readonly Json[] = []): Json => ({
  operationId,
  summary,
  parameters,
  responses: {
    200: json(ref(name), 'As it is now.'),
    400: problem('A part of the path is no name.'),
    ...refusals(),
    404: problem('There is no such thing.'),
    503: retried('The state cannot be read now.'),
  },
});

const changing = (operationId: string, summary: string, parameters: readonly Json[], more: Json): Json => ({
  operationId,
  summary,
  parameters: [...parameters, role],
  ...(more['requestBody'] !== undefined && { requestBody: more['requestBody'] }),
  responses: {
    400: problem('Not JSON, or not what is taken here; the detail says where.'),
    ...refusals(),
    413: problem(`More than ${MAX_CONTROL_BYTES} bytes.`),
    415: problem('Not application/json.'),
    422: problem('It has the right shape and cannot be done.'),
    429: retried('More than this key may change.'),
    503: retried('The state cannot be written now.'),
    ...(more['responses'] as Json),
  },
});

const ROOT = '/v1/control';
const SERVICE = `${ROOT}/services/{service}`;

/** The paths of the control channel. */
export function controlPaths(): Json {
  const place = [service, cache, selector];
  return {
    [`${ROOT}/services`]: {
      get: reading('getControlled', 'Services of which something is desired, and the switch of all.', 'ServicesAnswer'),
    },
    [SERVICE]: { get: reading('getServiceControl', 'All that is desired of a service.', 'ServiceControl', [service]) },
    [`${SERVICE}/history`]: { get: reading('getControlHistory', 'Its last 100 changes.', 'HistoryAnswer', [service]) },
    [`${SERVICE}/instances`]: {
      get: reading(
        'getControlledInstances',
        'Its instances, and the revision that each has taken in.',
        'InstancesAnswer',
        [service],
      ),
    },
    [`${SERVICE}/caches/{cache}/settings/{selector}`]: {
      get: reading('getControlSettings', 'What is desired of a cache, under one selector.', 'SettingsEntry', place),
      put: changing('putControlSettings', 'Desires settings of a cache.', [...place, ifMatch, dryRun], {
        requestBody: body('ControlSettings'),
        responses: {
          200: {
            ...json({ oneOf: [ref('SettingsEntry'), ref('SettingsDryRun')] }, 'Replaced; or what would change.'),
            ...etag,
          },
          201: { ...json(ref('SettingsEntry'), 'Created.'), ...etag },
          409: problem('There is something already, and no If-Match.'),
          412: problem('It was changed meanwhile.'),
        },
      }),
      delete: changing(
        'deleteControlSettings',
        'Gives the cache back what its host had set.',
        [...place, ifMatch, dryRun],
        {
          responses: {
            200: json(ref('SettingsDryRun'), 'What would change.'),
            204: { description: 'Gone.' },
            404: problem('There was nothing.'),
            409: problem('No If-Match.'),
            412: problem('It was changed meanwhile.'),
          },
        },
      ),
    },
    [`${ROOT}/switch`]: {
      put: changing('putControlSwitch', 'Switches control from afar off, or on again, for all services.', [], {
        requestBody: body('SwitchRequest'),
        responses: { 200: json(ref('ControlSwitch'), 'As it is now.') },
      }),
    },
    [`${SERVICE}/switch`]: {
      put: changing('putServiceSwitch', 'The same for one service.', [service], {
        requestBody: body('SwitchRequest'),
        responses: { 200: json(ref('ControlSwitch'), 'As it is now.') },
      }),
    },
    [`${SERVICE}/commands`]: {
      post: changing(
        'postCommand',
        'Tells instances to do something once: clear, invalidate, pin, unpin, warm, inspect, verify, export, import.',
        [
          service,
          inQuery(
            'waitMs',
            { type: 'integer', minimum: 0, maximum: 30_000 },
            'How long to wait for answers. Default 0.',
          ),
        ],
        {
          requestBody: body('CommandRequest'),
          responses: {
            202: json(ref('CommandStatus'), 'Given, with the answers so far.'),
            409: problem('Control is switched off.'),
          },
        },
      ),
    },
    [`${SERVICE}/commands/{id}`]: {
      get: reading('getCommand', 'What came of a command so far.', 'CommandStatus', [service, command]),
      delete: changing(
        'withdrawCommand',
        'Withdraws a command from those who have not got it yet.',
        [service, command],
        {
          responses: {
            204: { description: 'Withdrawn.' },
            404: problem('There is no such command that is still valid.'),
          },
        },
      ),
    },
    [`${ROOT}/stream`]: {
      get: {
        operationId: 'streamControl',
        summary: 'What an instance should do, as server-sent events.',
        description:
          'First `hello` (ControlHello), then `state` (ControlState, the whole of it, whenever it changed) and `command` ' +
          '(ControlCommand), each with its revision as id, rising. With Last-Event-ID only what is newer comes. A comment ' +
          'comes as heartbeat; who does not read is cut off.',
        parameters: [
          inQuery('service', { type: 'string' }, 'Name of the service.', true),
          inQuery('instance', { type: 'string', format: 'uuid' }, 'Id of the instance.', true),
          inQuery(
            'ageMs',
            { type: 'integer', minimum: 0 },
            'How long ago it listened for the first time, ms. Of commands given before, only those that clear and ' +
              'invalidate come. Default 0.',
          ),
          {
            name: 'Last-Event-ID',
            in: 'header',
            schema: { type: 'string' },
            description: 'Revision that was taken in last.',
          },
        ],
        responses: {
          200: {
            description: 'A stream that does not end.',
            content: { 'text/event-stream': { schema: { type: 'string' } } },
          },
          400: problem('No service, no instance, or an age that is no whole number.'),
          ...refusals(),
          503: retried('As many instances listen as the server allows.'),
        },
      },
      options: preflight('preflightControlStream'),
    },
    [`${ROOT}/answers`]: {
      post: {
        operationId: 'postControlAnswers',
        summary: 'What an instance says of itself: the revision it has taken in, its caches, answers to commands.',
        requestBody: body('InstanceReport'),
        responses: {
          204: { description: 'Kept.' },
          400: problem('Not JSON, or not a report.'),
          ...refusals(),
          413: problem(`More than ${MAX_CONTROL_BYTES} bytes.`),
          415: problem('Not application/json.'),
          429: retried('More than this key may send.'),
          503: retried('It cannot be kept now.'),
        },
      },
      options: preflight('preflightControlAnswers'),
    },
  };
}

function preflight(operationId: string): Json {
  return {
    operationId,
    summary: 'What a browser asks before it does so from another origin.',
    security: [{}],
    responses: { 204: { description: 'What may be sent from there.' }, 403: problem('The origin may not.') },
  };
}
