// A process of its own: a busy host for `seconds` with telemetry, with a spool, or without either; tells what it computed.
import { createTelemetry } from '#libs/telemetry/node';
import { busyHost } from '#libs/telemetry/testing';

const [endpoint, seconds, perMs, spool] = process.argv.slice(2);
const WARM_UP_MS = 3_000;

const telemetry =
  endpoint === ''
    ? undefined
    : createTelemetry({
        service: 'bench',
        version: '1',
        endpoint: endpoint!,
        salt: 'the salt of the bench',
        ...(spool !== '' && { spool: spool! }),
      });
await busyHost(telemetry, WARM_UP_MS, Number(perMs));
const turns = await busyHost(telemetry, Number(seconds) * 1_000, Number(perMs));
const all = (await telemetry?.shutdown({ deadlineMs: 30_000 })) ?? true;
// Disconnecting at once loses what has not been written yet, and some 10,000 turns are not written in one go.
process.send!({ ...turns, events: telemetry?.stats().accepted ?? 0, all }, () => process.disconnect());
