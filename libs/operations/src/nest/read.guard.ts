import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Access } from '../http/access.js';

/** Lets a request read: from this machine and not from another web page, or with a key of scope `read`. Needs Access. */
@Injectable()
export class ReadGuard implements CanActivate {
  constructor(private readonly access: Access) {}

  /** @throws HttpProblem */
  canActivate(context: ExecutionContext): boolean {
    this.access.check(context.switchToHttp().getRequest<FastifyRequest>().headers, 'read');
    return true;
  }
}
