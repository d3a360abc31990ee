import { Controller, Get, Res } from '@nestjs/common';
import { Health, type Readiness } from '../health/health.js';

/** The part of a Fastify reply that is used here. */
interface Reply {
  status(code: number): Reply;
  header(name: string, value: string): Reply;
}

@Controller()
export class HealthController {
  constructor(private readonly health: Health) {}

  /** The process lives and its event loop turns. Whether it can work is `/ready`. */
  @Get('health')
  live(@Res({ passthrough: true }) reply: Reply): { status: 'ok' } {
    reply.header('cache-control', 'no-store');
    return { status: 'ok' };
  }

  /** Each dependency by name; 503 when one of them fails. */
  @Get('ready')
  async ready(@Res({ passthrough: true }) reply: Reply): Promise<Readiness> {
    const readiness = await this.health.readiness();
    reply.status(readiness.status === 'ready' ? 200 : 503).header('cache-control', 'no-store');
    return readiness;
  }
}
