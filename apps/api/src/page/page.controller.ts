import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HttpProblem } from '#libs/operations';
import type { PageFile } from './page-files.js';

/** The files of the page by path. A class, so that it serves as its own token. */
export class PageFiles {
  constructor(readonly byPath: ReadonlyMap<string, PageFile>) {}
}

/** Nothing from elsewhere, nothing inline, nobody's frame. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const YEAR_SECONDS = 31_536_000;

@Controller()
export class PageController {
  constructor(private readonly files: PageFiles) {}

  @Get(['/', 'index.html', 'favicon.svg', 'assets/*', 'runbooks/*'])
  page(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const path = request.url.split('?')[0]!;
    const file = this.files.byPath.get(path);
    if (file === undefined && path === '/')
      throw new HttpProblem('NOT_FOUND', 'The page is not built: run "npm run build", then start again.');
    if (file === undefined) throw new HttpProblem('NOT_FOUND', 'There is no such file.');
    const brotli = /\bbr\b/.test(request.headers['accept-encoding'] ?? '') ? file.brotli : undefined;
    reply
      .header('content-type', file.contentType)
      .header('cache-control', file.immutable ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache')
      .header('content-security-policy', POLICY)
      .header('x-content-type-options', 'nosniff')
      .header('referrer-policy', 'no-referrer')
      .header('cross-origin-opener-policy', 'same-origin')
      .header('cross-origin-resource-policy', 'same-origin')
      .header('vary', 'accept-encoding');
    if (brotli !== undefined) reply.header('content-encoding', 'br');
    void reply.send(brotli ?? file.body);
  }
}
