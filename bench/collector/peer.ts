import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const START_TIMEOUT_MS = 15_000;

/** OTLP/HTTP in, Kafka out with acks=all; without batch and queue it answers after Kafka has. */
const config = (port: number, brokers: readonly string[], topic: string) => `
receivers:
  otlp:
    protocols:
      http:
        endpoint: 127.0.0.1:${port}
exporters:
  kafka:
    brokers: [${brokers.map((one) => `"${one}"`).join(', ')}]
    logs:
      topic: ${topic}
    producer:
      required_acks: -1
    sending_queue:
      enabled: false
service:
  telemetry:
    metrics:
      level: none
    logs:
      level: error
  pipelines:
    logs:
      receivers: [otlp]
      exporters: [kafka]
`;

/** Starts an OpenTelemetry Collector (docs/adr/0003-kafka-client.md says how to build it); resolves when it listens. */
export async function startPeer(
  binary: string,
  folder: string,
  brokers: readonly string[],
  topic: string,
): Promise<{ process: ChildProcess; port: number }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  const file = join(folder, 'peer.yaml');
  writeFileSync(file, config(port, brokers, topic));
  const child = spawn(binary, ['--config', file], { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
  await once(child, 'spawn');
  for (const started = performance.now(); !(await listens(port)); await sleep(100))
    if (child.exitCode !== null || performance.now() - started > START_TIMEOUT_MS) {
      child.kill('SIGKILL');
      throw new Error(`${binary} does not listen on ${port}.`);
    }
  return { process: child, port };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (value: boolean) => {
      socket.destroy();
      resolve(value);
    };
    socket.once('connect', () => settle(true)).once('error', () => settle(false));
  });
}
