import { Controller, Get, Res } from '@nestjs/common';
import { Metrics } from '../metrics/metrics.js';

interface Reply {
  header(name: string, value: string): Reply;
}

@Controller()
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  /** Self-metrics in Prometheus' text format. */
  @Get('metrics')
  expose(@Res({ passthrough: true }) reply: Reply): Promise<string> {
    reply.header('content-type', this.metrics.contentType).header('cache-control', 'no-store');
    return this.metrics.exposition();
  }
}
