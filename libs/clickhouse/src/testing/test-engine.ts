import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedEngine, type EmbeddedEngine, type EmbeddedEngineOptions } from '../embedded/index.js';

/** A real engine on a directory of its own. One at a time in a process: the engine opens one directory. */
export class TestEngine implements EmbeddedEngine {
  #engine: EmbeddedEngine;

  private constructor(
    engine: EmbeddedEngine,
    readonly path: string,
    private readonly options: Partial<EmbeddedEngineOptions>,
  ) {
    this.#engine = engine;
  }

  static async start(options: Partial<EmbeddedEngineOptions> = {}): Promise<TestEngine> {
    const path = mkdtempSync(join(tmpdir(), 'alperf-engine-'));
    return new TestEngine(await startEmbeddedEngine({ ...options, path }), path, options);
  }

  /** Changes with `reopen`. */
  get url(): string {
    return this.#engine.url;
  }

  get username(): string {
    return this.#engine.username;
  }

  get password(): string {
    return this.#engine.password;
  }

  /** Stops the engine and keeps the data. */
  close(): Promise<void> {
    return this.#engine.stop();
  }

  /** Opens the data again, at another address with another password. */
  async reopen(): Promise<void> {
    await this.#engine.stop();
    this.#engine = await startEmbeddedEngine({ ...this.options, path: this.path });
  }

  /** Stops the engine and removes the data. */
  async stop(): Promise<void> {
    await this.#engine.stop();
    rmSync(this.path, { recursive: true, force: true });
  }
}

export function startTestEngine(options: Partial<EmbeddedEngineOptions> = {}): Promise<TestEngine> {
  return TestEngine.start(options);
}
