import type { Answer } from '../ports.js';

/** What an answer means for the batch that it answers. */
export type Verdict =
  | { readonly kind: 'accepted'; readonly rejected: number; readonly reason: string | undefined }
  | { readonly kind: 'split' }
  | { readonly kind: 'refused'; readonly reason: string }
  /** Wrong key or wrong address: somebody has to act, so asking seldom is enough. */
  | { readonly kind: 'unauthorized'; readonly reason: string }
  | { readonly kind: 'retry'; readonly afterMs: number };

/** Retry-After is honoured up to this, ms. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/** Judges an answer. `now`: wall time in ms, for a Retry-After that is a date. */
export function judge(answer: Answer, now: number): Verdict {
  const { status } = answer;
  if (status === 202) return accepted(answer.body);
  // A captive portal, or a page server that answers everything: believing it would lose the batch.
  if (status >= 200 && status < 300)
    return { kind: 'unauthorized', reason: `HTTP ${status}: not a collector's answer` };
  if (status === 413) return { kind: 'split' };
  if (status === 401 || status === 403 || status === 404 || status === 405)
    return { kind: 'unauthorized', reason: describe(answer) };
  if (status >= 400 && status < 500 && status !== 408 && status !== 425 && status !== 429)
    return { kind: 'refused', reason: describe(answer) };
  return { kind: 'retry', afterMs: retryAfterMs(answer.retryAfter, now) };
}

/** Milliseconds that a Retry-After header asks for: 0 when it is missing, past or not understood, at most an hour. */
export function retryAfterMs(header: string | undefined, now: number): number {
  const text = header?.trim() ?? '';
  const asked = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return asked > 0 ? Math.min(asked, MAX_RETRY_AFTER_MS) : 0;
}

function accepted(body: string): Verdict {
  const answer = parsed(body);
  const rejected = Array.isArray(answer['rejected']) ? (answer['rejected'] as readonly unknown[]) : [];
  const [first] = rejected as readonly { readonly reason?: unknown; readonly pointer?: unknown }[];
  return {
    kind: 'accepted',
    rejected: rejected.length,
    reason: first === undefined ? undefined : `${String(first.pointer)}: ${String(first.reason)}`,
  };
}

function describe(answer: Answer): string {
  const problem = parsed(answer.body);
  const words = [problem['detail'], problem['remedy']].filter((one) => typeof one === 'string').join(' ');
  return words === '' ? `HTTP ${answer.status}` : `HTTP ${answer.status}: ${words}`;
}

function parsed(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
