import { PROBLEM_CONTENT_TYPE } from '#libs/contracts';

export type Json = Readonly<Record<string, unknown>>;

export const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
export const json = (schema: Json, description: string): Json => ({
  description,
  content: { 'application/json': { schema } },
});
export const problem = (description: string): Json => ({
  description,
  content: { [PROBLEM_CONTENT_TYPE]: { schema: ref('Problem') } },
});
export const retried = (description: string): Json => ({
  ...problem(description),
  headers: { 'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 } } },
});

export function refusals(): Json {
  return { 401: problem('No key, or not a valid one.'), 403: problem('Host, origin or key are not allowed to.') };
}
