import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Access, Health, Metrics, type AccessOptions } from '#libs/operations';
import { httpAdapter, NestLogger, OperationsModule, ProblemFilter } from '#libs/operations/nest';
import { RecordingLogger } from '#libs/operations/testing';
import type { StateStore } from '#libs/state-store';
import { EmbeddedStateStore } from '#libs/state-store/embedded';
import { SystemClock } from '#libs/time';
import { ControlModule, type ControlOptions } from '../control.module.js';

export interface RunningControlOptions extends Partial<Omit<ControlOptions, 'access' | 'state'>> {
  readonly access?: Partial<AccessOptions>;
  /** Default: LMDB in the folder. */
  readonly state?: StateStore;
  /** Default: a free one. */
  readonly port?: number;
}

/** The control channel alone, on a free port of 127.0.0.1: an API process as far as it is concerned. */
export class RunningControl {
  private constructor(
    private readonly app: NestFastifyApplication,
    private readonly state: StateStore,
    readonly port: number,
    readonly logger: RecordingLogger,
  ) {}

  static async start(folder: string, options: RunningControlOptions = {}): Promise<RunningControl> {
    const { access: accessOptions, state: given, port: wanted = 0, ...rest } = options;
    const clock = new SystemClock();
    const state = given ?? (await EmbeddedStateStore.open({ path: folder }));
    const adapter = httpAdapter();
    const { server } = adapter.getInstance();
    const port = () => (server.address() as { port: number }).port;
    const access = new Access({ bind: '127.0.0.1', port, origins: [], clock, ...accessOptions });
    const logger = new RecordingLogger();
    const app = await NestFactory.create<NestFastifyApplication>(
      {
        module: class ControlUnderTest {},
        imports: [
          OperationsModule.register({ clock, logger, metrics: new Metrics(), health: new Health({ clock }) }),
          ControlModule.register({ access, state, random: () => 0.5, ...rest }),
        ],
      },
      adapter,
      { bodyParser: false, logger: new NestLogger(logger), abortOnError: false },
    );
    app.useGlobalFilters(new ProblemFilter(logger));
    await app.listen(wanted, '127.0.0.1');
    return new RunningControl(app, state, port(), logger);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.state.close();
  }
}
