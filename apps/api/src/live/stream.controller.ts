import { Controller, Get, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HttpProblem } from '#libs/operations';
import { ReadGuard } from '#libs/operations/nest';
import { EventStream, STREAM_HEADERS } from './event-stream.js';
import { StatusStreams } from './status-streams.js';

@Controller()
@UseGuards(ReadGuard)
export class StreamController {
  constructor(private readonly streams: StatusStreams) {}

  /** The status once a second, as server-sent events. */
  @Get('v1/status/stream')
  stream(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    if (request.method === 'HEAD') return void reply.headers(STREAM_HEADERS).send();
    if (this.streams.full)
      throw new HttpProblem('OVERLOADED', 'As many clients watch as this server allows.', { retryAfterMs: 10_000 });
    reply.hijack();
    // A stream is idle by nature between two events; the server's own timeout would end it.
    request.raw.socket.setTimeout(0);
    this.streams.add(new EventStream(reply.raw));
  }
}
