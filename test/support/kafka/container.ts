import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaBroker } from './broker.js';
import { lifetime, throwWhenStopped } from './lifetime.js';

/** Apache Kafka's own image; the version of the jars. */
const IMAGE = 'apache/kafka:4.1.0';
const DOCKER_ANSWER_MS = 1_000;
const START_TIMEOUT_MS = 120_000;

export interface ContainerOptions {
  /** Free on this machine: the broker listens on it inside too, so that the address it advertises holds for both. */
  readonly port: number;
  readonly properties: Readonly<Record<string, string>>;
  /** A file that goes when the container does. */
  readonly note: string;
  /** Resolves to true when a broker on the port serves. */
  answers(port: number): Promise<boolean>;
}

/** Whether there is a sign of Docker on this machine; it may still not answer. */
export function mayHaveDocker(): boolean {
  return process.env['DOCKER_HOST'] !== undefined || existsSync('/var/run/docker.sock');
}

/** Whether a Docker daemon takes connections, within a second: on the socket of `DOCKER_HOST`, or the usual one. */
export function dockerAnswers(host = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock'): Promise<boolean> {
  const { protocol, hostname, port, pathname } = new URL(host);
  if (protocol !== 'unix:' && protocol !== 'tcp:') return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = protocol === 'unix:' ? connect(pathname) : connect(Number(port || 2375), hostname);
    const settle = (value: boolean) => {
      socket.destroy();
      resolve(value);
    };
    socket.setTimeout(DOCKER_ANSWER_MS, () => settle(false));
    // Something may take the connection and say nothing.
    socket.once('connect', () => socket.write('GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n'));
    socket.once('data', (answer) => settle(answer.toString('latin1').startsWith('HTTP/1.1 200 ')));
    socket.once('error', () => settle(false)).once('end', () => settle(false));
  });
}

/** Starts the broker in a container; its data stays in it until `stop`. */
export async function startKafkaContainer({ port, properties, note, answers }: ContainerOptions): Promise<KafkaBroker> {
  // Ryuk is one more image to pull; `stop` removes the container.
  process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
  const { GenericContainer, Wait, getContainerRuntimeClient } = await import('testcontainers');
  const started = await new GenericContainer(IMAGE)
    .withEnvironment(environment(properties))
    .withExposedPorts({ container: port, host: port })
    .withWaitStrategy(Wait.forListeningPorts())
    .withStartupTimeout(START_TIMEOUT_MS)
    .start();
  const container = (await getContainerRuntimeClient()).container.getById(started.getId());
  // Removes the container when this process ends, however it ends.
  const guard = 'while kill -0 "$1" 2>/dev/null; do sleep 1; done; docker rm -f -v "$2"; rm -f "$3"';
  const guardian = spawn('sh', ['-c', guard, 'kafka-guard', String(process.pid), started.getId(), note], {
    detached: true,
    stdio: 'ignore',
  });
  guardian.unref();
  const serving = async (signal?: AbortSignal) => {
    for (const began = performance.now(); !(await answers(port)); await sleep(100)) {
      throwWhenStopped(signal);
      if (performance.now() - began > START_TIMEOUT_MS) throw new Error(`No answer from ${IMAGE} on port ${port}.`);
    }
  };
  const kill9 = async () => {
    if (!(await container.inspect()).State.Running) return;
    await container.kill({ signal: 'SIGKILL' });
    await container.wait();
  };
  const remove = async () => {
    // By force: it may be running, starting, paused or dead.
    await container.remove({ force: true, v: true });
    guardian.kill();
  };
  try {
    await serving();
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    brokers: [`127.0.0.1:${port}`],
    pid: guardian.pid!,
    kill9,
    ...lifetime({
      kill9,
      async start(signal) {
        await container.start();
        await serving(signal);
      },
      remove,
    }),
    pause: async () => void (await container.pause()),
    resume: async () => void (await container.unpause()),
  };
}

/** The image reads each setting from a variable: `log.dirs` from KAFKA_LOG_DIRS. */
function environment(properties: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      `KAFKA_${name.replaceAll('_', '__').replaceAll('-', '___').replaceAll('.', '_').toUpperCase()}`,
      value,
    ]),
  );
}
