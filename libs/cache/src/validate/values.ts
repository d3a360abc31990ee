import { InvalidValueError } from '../errors.js';
import type { StandardSchema } from './standard-schema.js';

/**
 * The value as the schema gives it, at once when the schema answers at once.
 * @throws InvalidValueError, or a promise that rejects with it
 */
export function validated<Value>(
  cache: string,
  schema: StandardSchema<Value> | undefined,
  value: unknown,
): Value | Promise<Value> {
  if (schema === undefined) return value as Value;
  const result = schema['~standard'].validate(value);
  return result instanceof Promise ? result.then((late) => accepted(cache, late)) : accepted(cache, result);
}

function accepted<Value>(
  cache: string,
  result: Awaited<ReturnType<StandardSchema<Value>['~standard']['validate']>>,
): Value {
  if (result.issues === undefined) return result.value;
  throw new InvalidValueError(
    cache,
    result.issues.map(({ path, message }) =>
      path === undefined || path.length === 0 ? message : `${pathOf(path)}: ${message}`,
    ),
  );
}

/** Parts are keys, or objects that hold one. */
function pathOf(path: readonly unknown[]): string {
  return path
    .map((part) => String(typeof part === 'object' && part !== null && 'key' in part ? part.key : part))
    .join('.');
}
