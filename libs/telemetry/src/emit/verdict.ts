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

/** Judges the answer to a batch of `events`. `now`: wall time in ms, for a Retry-After that is a date. */
export function judge(answer: Answer, now: number, events: number): Verdict {
  const { status } = answer;
  if (status === 202) return accepted(answer.body, events);
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

function accepted(body: string, events: number): Verdict {
  const { rejected } = parsed(body) as { readonly rejected?: unknown };
  if (!Array.isArray(rejected)) return acceptedByBeginning(body, events);
  const [first] = rejected as readonly { readonly reason?: unknown; readonly pointer?: unknown }[];
  return {
    kind: 'accepted',
    rejected: rejected.length,
    reason: first === undefined ? undefined : `${String(first.pointer)}: ${String(first.reason)}`,
  };
}

const TEXT = '"((?:[^"\\\\]|\\\\.)*)"';
const BEGINNING = new RegExp(
  `^\\{"accepted":(\\d{1,9}),"rejected":\\[(?:\\{"index":\\d+,"pointer":${TEXT},"reason":${TEXT})?`,
);

/**
 * Of an answer that lists thousands of rejections only the beginning is kept, which is no JSON. How many were accepted and
 * the first rejection stand there. The answer of a collector that says neither took all.
 */
function acceptedByBeginning(body: string, events: number): Verdict {
  const [, count, pointer, reason] = BEGINNING.exec(body) ?? [];
  return {
    kind: 'accepted',
    rejected: count === undefined ? 0 : Math.max(0, events - Number(count)),
    reason: reason === undefined ? undefined : `${pointer}: ${reason}`,
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
