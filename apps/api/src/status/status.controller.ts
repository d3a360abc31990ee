import { Controller, Get, Header, UseGuards } from '@nestjs/common';
import type { PipelineStatus } from '#libs/contracts';
import { ReadGuard } from '#libs/operations/nest';
import { StatusPoll } from './status-poll.js';

@Controller()
@UseGuards(ReadGuard)
export class StatusController {
  constructor(private readonly poll: StatusPoll) {}

  /** The pipeline as it is now: rates, totals, lag, watermark, audit. */
  @Get('v1/status')
  @Header('cache-control', 'no-store')
  status(): Promise<PipelineStatus> {
    return this.poll.status();
  }
}
