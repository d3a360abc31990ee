import { isUtf8 } from 'node:buffer';
import { jsonFault } from './json-fault.js';
import { HttpProblem } from './problems.js';

/**
 * @param firstLine where in what was posted the bytes begin.
 * @throws HttpProblem INVALID_JSON that says where it is wrong, and repeats nothing of it.
 */
export function parseJson(bytes: Buffer, firstLine = 1): unknown {
  const value = jsonOrNothing(bytes);
  if (value === undefined) throw new HttpProblem('INVALID_JSON', whatIsWrong(bytes, firstLine));
  return value;
}

function whatIsWrong(bytes: Buffer, firstLine: number): string {
  if (bytes.length === 0) return 'The body is empty.';
  const text = bytes.toString();
  // What is no UTF-8 was replaced, and so is not what comes out again.
  if (!isUtf8(bytes)) return `The body is not UTF-8 from its byte ${firstDifference(bytes, Buffer.from(text))} on.`;
  const fault = jsonFault(text) ?? text.length;
  let line = firstLine;
  let start = 0;
  for (let end = text.indexOf('\n'); end >= 0 && end < fault; end = text.indexOf('\n', start)) {
    line++;
    start = end + 1;
  }
  const place = `line ${line}, column ${fault - start + 1}`;
  return fault === text.length
    ? `The body ends before its JSON does, at ${place}.`
    : `The body is not JSON from ${place} on.`;
}

/** Counted from 1. */
function firstDifference(a: Buffer, b: Buffer): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at + 1;
}

/** What the bytes say as JSON in UTF-8, or undefined when they are none. */
export function jsonOrNothing(bytes: Buffer): unknown {
  // Otherwise wrong bytes would become replacement characters without anybody noticing.
  if (!isUtf8(bytes)) return undefined;
  try {
    // Not recursive in V8: depth costs memory in proportion to the bytes, and no stack.
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
