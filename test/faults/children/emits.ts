// An emitter with a spool, without end: each load is numbered by its bytes. Arguments: endpoint, spool. It ends with its parent, too.
import { createTelemetry } from '#libs/telemetry/node';

const [endpoint, spool] = process.argv.slice(2) as [string, string];
const telemetry = createTelemetry({ service: 'reader', version: '1.0.0', endpoint, spool, flushIntervalMs: 100 });
let number = 0;
setInterval(() => {
  telemetry.loads.finished({
    resource: 'document',
    source: 'peer',
    priority: 'visible',
    trigger: 'direct',
    outcome: 'ok',
    queuedNs: 1_000,
    totalNs: 1_000_000 + number,
    bytes: number++,
    attempts: 1,
  });
}, 1);
setInterval(() => {
  const { accepted, retries, spoolBytes } = telemetry.stats();
  process.send!({ accepted, retries, spoolBytes });
}, 20);
process.on('disconnect', () => process.exit(0));
