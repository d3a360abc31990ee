import type { TSchema, Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { FastifyRequest } from 'fastify';
import {
  explain,
  Name,
  parseSelector,
  selectorName,
  isInstance,
  type ControlAuthor,
  type Schema,
} from '#libs/contracts';
import { HttpProblem, parseJson, type ApiKey } from '#libs/operations';
import type { Expected } from './entries.js';

const name = Compile(Name(''));

/** Reads a body as one thing; says where it is wrong without repeating it. */
export function bodyReader<Of extends TSchema>(schema: Of): (request: FastifyRequest) => Static<Of> {
  const check = Compile(schema);
  return ({ body, headers }) => {
    if (!/^application\/json *(;|$)/i.test(headers['content-type'] ?? ''))
      throw new HttpProblem('TYPE_NOT_SUPPORTED', 'The body is not sent as application/json.');
    const parsed = parseJson(Buffer.isBuffer(body) ? body : Buffer.alloc(0));
    if (check.Check(parsed)) return parsed as Static<Of>;
    const { pointer, reason } = explain(schema as Schema, parsed) ?? {
      pointer: '',
      reason: 'is not what is taken here',
    };
    throw new HttpProblem('INVALID_REQUEST', `In the body, ${pointer === '' ? 'the whole' : pointer} ${reason}.`);
  };
}

/** A service or a cache out of the path or the query. */
export function namePart(what: string, text: unknown): string {
  if (name.Check(text)) return text;
  throw new HttpProblem('INVALID_REQUEST', `The ${what} is not a name: letters, digits and _.:/ -, at most 128.`);
}

/** By its one name, so that two ways to write it are one entry. */
export function selectorPart(text: string): string {
  const selector = parseSelector(text);
  if (selector !== undefined) return selectorName(selector);
  throw new HttpProblem('INVALID_REQUEST', 'The selector is none of all, share:0.05 (between 0 and 1), instance:UUID.');
}

export function instancePart(text: unknown): string {
  if (typeof text === 'string' && isInstance(text)) return text;
  throw new HttpProblem('INVALID_REQUEST', 'The instance is not a UUID in lower case.');
}

/** If-Match: a revision as an ETag, or `*`; left out, nothing must be there yet. */
export function expectedOf({ headers }: FastifyRequest): Expected {
  const header = headers['if-match'];
  if (header === undefined) return 'none';
  if (header.trim() === '*') return 'any';
  const revision = /^ *"?(\d{1,15})"? *$/.exec(header)?.[1];
  if (revision === undefined)
    throw new HttpProblem('INVALID_REQUEST', 'If-Match is neither one revision, such as "17", nor *.');
  return Number(revision);
}

export const etag = (revision: number): string => `"${revision}"`;

export function query({ query }: FastifyRequest): Readonly<Record<string, unknown>> {
  return query as Readonly<Record<string, unknown>>;
}

export function flag(request: FastifyRequest, of: string): boolean {
  const value = query(request)[of];
  if (value === undefined || value === 'false') return false;
  if (value === 'true') return true;
  throw new HttpProblem('INVALID_REQUEST', `In the query, ${of} must be true or false.`);
}

export function wholeNumber(request: FastifyRequest, of: string, most: number): number | undefined {
  const value = query(request)[of];
  if (value === undefined) return undefined;
  if (typeof value === 'string' && /^\d{1,15}$/.test(value) && Number(value) <= most) return Number(value);
  throw new HttpProblem('INVALID_REQUEST', `In the query, ${of} must be a whole number of at most ${most}.`);
}

/** Who asks, by role and key: never a person. */
export function authorOf(request: FastifyRequest, key: ApiKey | undefined): ControlAuthor {
  const role = query(request).role ?? 'operator';
  if (role !== 'operator' && role !== 'controller')
    throw new HttpProblem('INVALID_REQUEST', 'In the query, role must be operator or controller.');
  return { role, key: key?.id ?? 'local' };
}

/** @throws HttpProblem SERVICE_NOT_ALLOWED when the key is for other services. */
export function checkService(key: ApiKey | undefined, service: string): void {
  if (key?.services !== undefined && !key.services.includes(service))
    throw new HttpProblem('SERVICE_NOT_ALLOWED', 'The key is for other services.');
}
