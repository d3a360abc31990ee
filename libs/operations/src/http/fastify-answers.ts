import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply } from 'fastify';
import { PROBLEM_CONTENT_TYPE } from '#libs/contracts';
import { HttpProblem, problemBody, toHttpProblem, type ProblemCode } from './problems.js';

/** Answers a request with a problem body. */
export function sendProblem(reply: FastifyReply, error: unknown): FastifyReply {
  const problem = toHttpProblem(error);
  if (problem.retryAfterSeconds !== undefined) reply.header('retry-after', String(problem.retryAfterSeconds));
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  return reply
    .code(problem.status)
    .header('content-type', PROBLEM_CONTENT_TYPE)
    .send(Buffer.from(JSON.stringify(problemBody(problem.code, problem.message, problem.remedy))));
}

const CLIENT_ERRORS: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  HPE_HEADER_OVERFLOW: ['HEADERS_TOO_LARGE', 'The headers are larger than 16 KiB.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TIMEOUT', 'The request took too long to arrive.'],
};

/**
 * For Fastify's `clientErrorHandler`: what Node's HTTP parser refuses (malformed, too large, too slow) has no request
 * and no reply, only a socket. It gets a problem body all the same, and is closed.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy(error);
    return;
  }
  const [code, detail] = CLIENT_ERRORS[error.code ?? ''] ?? ['MALFORMED_REQUEST', 'This is not HTTP/1.1.'];
  const { status } = new HttpProblem(code, detail);
  const body = JSON.stringify(problemBody(code, detail));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${PROBLEM_CONTENT_TYPE}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    () => socket.destroySoon(),
  );
}
