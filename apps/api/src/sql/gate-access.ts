import type { IncomingMessage } from 'node:http';
import { Access, alperfCommand, HttpProblem, PROBLEMS, type ApiKey } from '#libs/operations';
import { SqlError } from './sql-error.js';
import { targetOf } from './sql-request.js';

/**
 * Who may ask: whoever has a key of scope `read`, as the password or `X-ClickHouse-Key` (the user's name does not count),
 * or as a bearer; where no keys are set, programs of this machine only.
 *
 * @returns the key; nothing where none are set.
 * @throws SqlError in ClickHouse's words.
 */
export function checkAccess(request: IncomingMessage, access: Access): ApiKey | undefined {
  try {
    access.checkOrigin(request.headers);
    return access.checkKey(keyOf(request), 'read');
  } catch (error) {
    if (!(error instanceof HttpProblem)) throw error;
    throw translated(error);
  }
}

/**
 * Who asks, for a fair share: the key. Where there are none, all are programs of one machine with one address: there they
 * are told apart by what they call themselves.
 */
export function clientOf(request: IncomingMessage, key: ApiKey | undefined): string {
  return key?.id ?? `${request.socket.remoteAddress} ${request.headers['user-agent']}`;
}

function keyOf(request: IncomingMessage): string | undefined {
  const header = request.headers['x-clickhouse-key'];
  if (typeof header === 'string') return header;
  const basic = /^Basic +([A-Za-z0-9+/=]+) *$/i.exec(request.headers.authorization ?? '')?.[1];
  if (basic === undefined)
    return Access.bearer(request.headers) ?? targetOf(request).searchParams.get('password') ?? undefined;
  const text = Buffer.from(basic, 'base64').toString('utf8');
  return text.slice(text.indexOf(':') + 1);
}

function translated(problem: HttpProblem): SqlError {
  const says = problem.message;
  switch (problem.code) {
    case 'KEY_MISSING':
      return new SqlError('REQUIRED_PASSWORD', `${says} Send a key with the scope read as the password.`, {
        cause: problem,
      });
    case 'KEY_UNKNOWN':
      return new SqlError('AUTHENTICATION_FAILED', `${says} Send a key with the scope read as the password.`, {
        cause: problem,
      });
    case 'SCOPE_MISSING':
      return new SqlError(
        'ACCESS_DENIED',
        `${says} Take one that has the scope read: ${alperfCommand('keys create --id me --scopes read')} makes it.`,
        {
          cause: problem,
        },
      );
    default:
      return new SqlError('ACCESS_DENIED', `${says} ${PROBLEMS[problem.code].remedy}`, { cause: problem });
  }
}
