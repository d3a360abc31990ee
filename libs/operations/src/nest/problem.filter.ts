import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { sendProblem } from '../http/fastify-answers.js';
import { toHttpProblem } from '../http/problems.js';
import { Logger } from '../logger/logger.js';

/** Every error of a controller becomes a problem body; what is our own fault is logged as well. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (toHttpProblem(error).status === 500) this.logger.error('A request failed.', { error });
    if (reply.raw.headersSent) reply.raw.destroy();
    else void sendProblem(reply, error);
  }
}
