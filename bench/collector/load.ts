// The load generator, a process of its own: posts batches over some connections until all are answered.
import { Agent, request } from 'node:http';
import { zstdCompressSync } from 'node:zlib';
import { mixedBatch, seeded } from './events.js';

/** What the bench asks for, by the process's channel. */
export interface LoadOrder {
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

async function load({ port, batches, connections, eventsPerBatch }: LoadOrder): Promise<LoadDone> {
  const random = seeded(7);
  const plain = Array.from({ length: DIFFERENT_BATCHES }, (_, i) =>
    Buffer.from(JSON.stringify(mixedBatch(random, i, eventsPerBatch, Date.now()))),
  );
  const bodies = plain.map((bytes) => zstdCompressSync(bytes));
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const started = performance.now();
  let next = 0;
  let accepted = 0;
  const worker = async () => {
    while (next < batches) {
      const events = await post(agent, port, bodies[next++ % bodies.length]!);
      accepted += events;
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  const elapsedMs = performance.now() - started;
  agent.destroy();
  const perEvent = (list: readonly Buffer[]) =>
    Math.round(list.reduce((sum, { length }) => sum + length, 0) / list.length / eventsPerBatch);
  return { accepted, bytesPerEvent: perEvent(plain), wireBytesPerEvent: perEvent(bodies), elapsedMs };
}

function post(agent: Agent, port: number, body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'zstd', 'content-length': body.length };
    const sent = request({ agent, host: '127.0.0.1', port, path: '/v1/events', method: 'POST', headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => (text += part));
      answer.on('end', () => {
        if (answer.statusCode !== 202) return reject(new Error(`The collector answered ${answer.statusCode}: ${text}`));
        resolve((JSON.parse(text) as { accepted: number }).accepted);
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
