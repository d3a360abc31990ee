import { alperfCommand } from '#libs/operations';
import { CliError, UnreachableError, UsageError } from '../command/errors.js';
import { EXIT } from '../command/exit-codes.js';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface Call {
  readonly method?: Method;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly signal: AbortSignal;
  /** Longest wait for the whole answer, ms. */
  readonly timeoutMs?: number;
}

/**
 * One request, whole answer, whatever its status.
 * @throws UnreachableError when nothing answers (refused, reset, timed out, no such host), UsageError for a port that
 * no HTTP client may use: waiting would not help.
 */
export async function request(
  url: string,
  { method = 'GET', headers, body, signal, timeoutMs = 30_000 }: Call,
): Promise<Reply> {
  try {
    const response = await fetch(url, {
      method,
      ...(headers !== undefined && { headers }),
      ...(body !== undefined && { body }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      redirect: 'error',
    });
    return { status: response.status, headers: response.headers, body: await response.text() };
  } catch (error) {
    if (signal.aborted) throw error;
    const { origin, port } = new URL(url);
    const why = reason(error);
    if (why === BAD_PORT)
      throw new UsageError(
        `${origin} cannot be asked: HTTP clients refuse port ${port}, which is another protocol's.`,
        'Give the address of the server with --endpoint or ALPERF_ENDPOINT; one that listens there needs another port (ALPERF_HTTP_PORT).',
      );
    throw new UnreachableError(
      `Nothing answers at ${origin} (${why}).`,
      'Start the server with `npm start`, or give its address with --endpoint.',
      { cause: error },
    );
  }
}

/** What fetch says of the ports on its block list. */
const BAD_PORT = 'bad port';

/** 502, 503 and 504 say "not now": waiting may help. */
export function isBusy(status: number): boolean {
  return status === 502 || status === 503 || status === 504 || status === 429;
}

/** What a command says, once, when it goes on trying for a while. */
export function waitingAfter(failure: UnreachableError, patienceMs: number): string {
  return `${failure.message} Waiting ${Math.round(patienceMs / 1_000)} s for it …`;
}

/** Turns an answer that is not the hoped-for one into an error with the server's own words. */
export function refusal(what: string, { status, body }: Reply): CliError {
  const problem = problemOf(body);
  const said = problem?.detail ?? body.trim().slice(0, 500);
  const message = `${what}: the server answered ${status}${said === '' ? '' : `: ${said}`}`;
  if (isBusy(status)) return new UnreachableError(message, problem?.remedy ?? 'Try again in a moment.');
  const remedy =
    // Of a missing key the server speaks in terms of HTTP, which are not those of a command line.
    (status === 401 ? undefined : problem?.remedy) ??
    (status === 401 || status === 403
      ? 'Give a key that may do this with --key or ALPERF_KEY.'
      : status === 404
        ? 'Check --endpoint: this address belongs to another service, or to an older version.'
        : `See the message above; \`${alperfCommand('doctor')}\` checks the rest.`);
  return new CliError(`HTTP_${status}`, message, EXIT.failed, remedy);
}

/** A body of RFC 9457, or undefined. */
function problemOf(body: string): { detail?: string; remedy?: string } | undefined {
  try {
    const { detail, title, remedy } = JSON.parse(body) as Record<string, unknown>;
    const said = typeof detail === 'string' ? detail : typeof title === 'string' ? title : undefined;
    return {
      ...(said !== undefined && { detail: said }),
      ...(typeof remedy === 'string' && { remedy }),
    };
  } catch {
    return undefined;
  }
}

/** The innermost code of a failed fetch: `ECONNREFUSED`, `TimeoutError` … */
function reason(error: unknown): string {
  let innermost: unknown = error;
  // Not by instanceof: fetch's errors may be another realm's.
  for (let cause: unknown = error; cause !== undefined; cause = (cause as { cause?: unknown } | null)?.cause)
    innermost = cause;
  const { code, name, message } = innermost as { code?: unknown; name?: unknown; message?: unknown };
  if (name === 'TimeoutError') return 'no answer in time';
  return typeof code === 'string' ? code : String(message ?? innermost);
}
