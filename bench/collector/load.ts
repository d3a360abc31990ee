// The load generator, a process of its own: posts batches over some connections until all are answered.
import { Agent, request } from 'node:http';
import { zstdCompressSync } from 'node:zlib';
import type { Batch } from '#libs/contracts';
import { mixedBatch, seeded } from './events.js';

/** What the bench asks for, by the process's channel. */
export interface LoadOrder {
  /** `batches`: this collector's own, zstd; `otlp`: the same events as OTLP/HTTP JSON log records, as they are. */
  readonly format: 'batches' | 'otlp';
  readonly port: number;
  readonly batches: number;
  readonly connections: number;
  readonly eventsPerBatch: number;
}

export interface LoadDone {
  readonly accepted: number;
  readonly bytesPerEvent: number;
  readonly wireBytesPerEvent: number;
  readonly elapsedMs: number;
}

const DIFFERENT_BATCHES = 64;

process.on('message', (order: LoadOrder) => void load(order).then((done) => process.send!(done)));
process.on('disconnect', () => process.exit(0));

async function load({ format, port, batches, connections, eventsPerBatch }: LoadOrder): Promise<LoadDone> {
  const random = seeded(7);
  const otlp = format === 'otlp';
  const plain = Array.from({ length: DIFFERENT_BATCHES }, (_, i) => {
    const batch = mixedBatch(random, i, eventsPerBatch, Date.now());
    return Buffer.from(JSON.stringify(otlp ? otlpLogs(batch) : batch));
  });
  const bodies = otlp ? plain : plain.map((bytes) => zstdCompressSync(bytes));
  const target = { port, path: otlp ? '/v1/logs' : '/v1/events', encoding: otlp ? 'identity' : 'zstd' };
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const started = performance.now();
  let next = 0;
  let accepted = 0;
  const worker = async () => {
    while (next < batches) {
      const { status, text } = await post(agent, target, bodies[next++ % bodies.length]!);
      if (status !== (otlp ? 200 : 202)) throw new Error(`The collector answered ${status}: ${text}`);
      const answer = JSON.parse(text) as { accepted?: number; partialSuccess?: { rejectedLogRecords?: string } };
      accepted += otlp
        ? eventsPerBatch - Number(answer.partialSuccess?.rejectedLogRecords ?? 0)
        : (answer.accepted ?? 0);
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  const elapsedMs = performance.now() - started;
  agent.destroy();
  const perEvent = (list: readonly Buffer[]) =>
    Math.round(list.reduce((sum, { length }) => sum + length, 0) / list.length / eventsPerBatch);
  return { accepted, bytesPerEvent: perEvent(plain), wireBytesPerEvent: perEvent(bodies), elapsedMs };
}

/**
 * The events as an application's exporter would write them: a record each, one attribute per field, some 500 bytes.
 * Without histograms, which a log record has no place for: the peer gets less to do, not more.
 */
function otlpLogs({ emitter, events }: Batch): object {
  const attribute = ([key, value]: [string, unknown]) => ({
    key,
    value:
      typeof value === 'number'
        ? { intValue: Math.round(value) }
        : { stringValue: typeof value === 'string' ? value : JSON.stringify(value).replaceAll('"', '') },
  });
  const logRecords = events.map(({ kind, ...fields }) => ({
    timeUnixNano: `${'time' in fields ? fields.time : fields.end}000000`,
    severityNumber: 9,
    body: { stringValue: kind },
    attributes: Object.entries(fields)
      .filter(([key]) => key !== 'time' && key !== 'end' && key !== 'getDuration')
      .map(attribute),
  }));
  const resource = { attributes: Object.entries(emitter).map(attribute) };
  return { resourceLogs: [{ resource, scopeLogs: [{ scope: { name: 'bench' }, logRecords }] }] };
}

function post(
  agent: Agent,
  { port, path, encoding }: { port: number; path: string; encoding: string },
  body: Buffer,
): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': body.length,
      ...(encoding !== 'identity' && { 'content-encoding': encoding }),
    };
    const sent = request({ agent, host: '127.0.0.1', port, path, method: 'POST', headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => (text += part));
      answer.on('end', () => resolve({ status: answer.statusCode, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
