import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { built } from './built.js';

const PASSWORD = 'of the tests';

/** The embedded engine as a process of its own, which can be killed and started again on the same data and port. */
export class EngineProcess {
  readonly password = PASSWORD;
  readonly #path = mkdtempSync(join(tmpdir(), 'alperf-engine-process-'));
  #child: ChildProcess | undefined;
  #address = { url: '', username: '' };
  readonly #onExit = () => void this.#child?.kill('SIGKILL');

  private constructor() {
    process.on('exit', this.#onExit);
  }

  static async start(): Promise<EngineProcess> {
    const engine = new EngineProcess();
    await engine.#run('0');
    return engine;
  }

  get url(): string {
    return this.#address.url;
  }

  get username(): string {
    return this.#address.username;
  }

  async kill9(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** After `kill9`: the same data at the same address. */
  async restart(): Promise<void> {
    await this.#run(new URL(this.url).port);
  }

  async stop(): Promise<void> {
    await this.kill9();
    process.off('exit', this.#onExit);
    rmSync(this.#path, { recursive: true, force: true });
  }

  async #run(port: string): Promise<void> {
    const env = {
      ...process.env,
      ALPERF_ENGINE_PATH: this.#path,
      ALPERF_ENGINE_PORT: port,
      ALPERF_ENGINE_PASSWORD: PASSWORD,
    };
    const child = fork(built('libs/clickhouse/src/embedded/main.js'), [], { execArgv: [], silent: true, env });
    this.#child = child;
    let said = '';
    child.stderr!.on('data', (part: Buffer) => (said += part.toString()));
    let line = '';
    for await (const part of child.stdout!.iterator({ destroyOnReturn: false })) {
      line += String(part);
      if (line.includes('\n')) break;
    }
    if (!line.includes('\n')) throw new Error(`The engine did not start: ${said}`);
    child.stdout!.resume();
    this.#address = JSON.parse(line.slice(0, line.indexOf('\n'))) as { url: string; username: string };
  }
}
