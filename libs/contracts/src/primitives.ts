import Type from 'typebox';

/** Longest label value, cache name, service name … in UTF-16 units. Longer ones are rejected, not cut. */
export const MAX_NAME_LENGTH = 128;

/** A name somebody chose: a service, a cache, a resource kind. Printable, without control characters. */
export const Name = (description: string) =>
  Type.String({ minLength: 1, maxLength: MAX_NAME_LENGTH, pattern: '^[A-Za-z0-9_][A-Za-z0-9_.:/ -]*$', description });

/** Milliseconds since 1970-01-01 UTC. The upper bound is the year 2100; the check against now is the collector's. */
export const EpochMs = (description: string) => Type.Integer({ minimum: 0, maximum: 4_102_444_800_000, description });

/** A count, a size in bytes or a duration in nanoseconds: an integer that a double holds exactly. */
export const Count = (description: string) =>
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description });

/** One of a closed set of words. */
export const OneOf = <const Values extends readonly string[]>(values: Values, description: string) =>
  Type.Enum([...values], { description }) as unknown as Type.TEnum<[...Values]>;

/** A 64-bit hash as 16 lower-case hexadecimal digits. */
export const Hash64 = (description: string) => Type.String({ pattern: '^[0-9a-f]{16}$', description });
