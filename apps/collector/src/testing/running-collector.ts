import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { request, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { EVENTS_TOPIC } from '#libs/contracts';
import type { EventLog, LogRecord } from '#libs/event-log';
import { EmbeddedEventLog } from '#libs/event-log/embedded';
import { Access, Health, Metrics, parseSettings, type AccessOptions } from '#libs/operations';
import { httpAdapter, NestLogger, OperationsModule, ProblemFilter, type HttpServerLimits } from '#libs/operations/nest';
import { RecordingLogger } from '#libs/operations/testing';
import { SystemClock, type Clock } from '#libs/time';
import { CollectorModule } from '../collector.module.js';
import { collectorConfig, collectorSettings, type CollectorConfig } from '../config.js';
import type { LagCheck } from '../publish/lag-check.js';

export interface RunningOptions {
  readonly config?: Partial<CollectorConfig>;
  readonly access?: Partial<AccessOptions>;
  readonly limits?: HttpServerLimits;
  readonly clock?: Clock;
  readonly lagCheck?: LagCheck;
  /** Stands between the collector and its log, to make it fail. */
  readonly wrapLog?: (log: EventLog) => EventLog;
  /** Directory of the log, which then stays. Default: a new one, removed at the end. */
  readonly folder?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

/** A collector over a real embedded log in a directory of its own, on a free port of 127.0.0.1. */
export class RunningCollector {
  private constructor(
    private readonly app: NestFastifyApplication,
    private readonly temporary: string | undefined,
    readonly log: EmbeddedEventLog,
    readonly logger: RecordingLogger,
    readonly metrics: Metrics,
    readonly port: number,
  ) {}

  static async start(options: RunningOptions = {}): Promise<RunningCollector> {
    const clock = options.clock ?? new SystemClock();
    const temporary = options.folder === undefined ? mkdtempSync(join(tmpdir(), 'alperf-collector-')) : undefined;
    const folder = options.folder ?? temporary!;
    const log = await EmbeddedEventLog.open({ path: folder, clock, random: () => 0.5 });
    const adapter = httpAdapter(options.limits);
    const { server } = adapter.getInstance();
    const port = () => (server.address() as { port: number }).port;
    const access = new Access({ bind: '127.0.0.1', port, origins: [], clock, ...options.access });
    const config = { ...collectorConfig(parseSettings(collectorSettings, { env: {} }).values), ...options.config };
    const logger = new RecordingLogger();
    const metrics = new Metrics();
    const { lagCheck, wrapLog = (one) => one } = options;
    const app = await NestFactory.create<NestFastifyApplication>(
      {
        module: class CollectorUnderTest {},
        imports: [
          OperationsModule.register({ clock, logger, metrics, health: new Health({ clock }) }),
          CollectorModule.register({ config, access, eventLog: wrapLog(log), ...(lagCheck && { lagCheck }) }),
        ],
      },
      adapter,
      { bodyParser: false, logger: new NestLogger(logger), abortOnError: false },
    );
    app.useGlobalFilters(new ProblemFilter(logger));
    await app.listen(0, '127.0.0.1');
    return new RunningCollector(app, temporary, log, logger, metrics, port());
  }

  /** Posts a body to /v1/events, or does what `options` say instead. */
  send(
    body: string | Uint8Array | undefined,
    headers: OutgoingHttpHeaders = {},
    options: { method?: string; path?: string } = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { method = 'POST', path = '/v1/events' } = options;
      const all = { 'content-type': 'application/json', ...headers };
      const sent = request({ host: '127.0.0.1', port: this.port, method, path, headers: all }, (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('end', () => {
          const text = Buffer.concat(parts).toString();
          const json = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
          resolve({ status: answer.statusCode!, headers: answer.headers, text, json });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  /** Every record in the log. */
  async records(): Promise<LogRecord[]> {
    const records: LogRecord[] = [];
    for (const { partition, earliest, next } of await this.log.ranges(EVENTS_TOPIC)) {
      let offset = earliest;
      while (offset < next) {
        const read = await this.log.read(EVENTS_TOPIC, { partition, offset }, 1_000);
        records.push(...read);
        offset = read.at(-1)!.offset + 1n;
      }
    }
    return records;
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.log.close();
    if (this.temporary !== undefined) rmSync(this.temporary, { recursive: true });
  }
}
