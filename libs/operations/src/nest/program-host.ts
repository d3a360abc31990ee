import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { FastifyAdapter, NestFastifyApplication } from '@nestjs/platform-fastify';
import { Health } from '../health/health.js';
import { Metrics } from '../metrics/metrics.js';
import type { ProgramBase } from '../program/begin-program.js';
import { listeningPort } from './http-door.js';
import { NestLogger } from './nest-logger.js';
import { OperationsModule } from './operations.module.js';
import { ProblemFilter } from './problem.filter.js';

export interface ProgramHostOptions {
  readonly adapter: FastifyAdapter;
  /** OperationsModule comes with them. */
  readonly modules: readonly DynamicModule[];
  /** Whether `/metrics` shows the process's own metrics too: once per process. Default true. */
  readonly processMetrics?: boolean;
}

/** A program's Nest application. */
export interface ProgramHost {
  readonly app: NestFastifyApplication;
  /** Starts everything in it, and takes requests from then on. @returns the port. */
  listen(where: { readonly bind: string; readonly httpPort: number }): Promise<number>;
}

/** Makes the application of a program; it stops taking requests at shutdown. */
export async function createProgramHost(
  { clock, log, shutdown }: ProgramBase,
  { adapter, modules, processMetrics = true }: ProgramHostOptions,
): Promise<ProgramHost> {
  const health = new Health({ clock });
  const metrics = new Metrics({ process: processMetrics });
  const app = await NestFactory.create<NestFastifyApplication>(
    {
      module: class ProgramModule {},
      imports: [OperationsModule.register({ clock, logger: log, metrics, health }), ...modules],
    },
    adapter,
    { bodyParser: false, logger: new NestLogger(log), abortOnError: false },
  );
  app.useGlobalFilters(new ProblemFilter(log));
  shutdown.add('stop taking', 'application', async () => {
    health.stopping();
    const before = await metrics.counted();
    await app.close();
    const after = [...(await metrics.counted())].map(
      ([name, count]) => [name, count - (before.get(name) ?? 0)] as const,
    );
    shutdown.tell(Object.fromEntries(after.filter(([, finished]) => finished > 0)));
  });
  return {
    app,
    listen: async ({ bind, httpPort }) => {
      await app.init();
      await app.startAllMicroservices();
      await app.listen(httpPort, bind);
      health.started();
      return listeningPort(adapter) ?? httpPort;
    },
  };
}
