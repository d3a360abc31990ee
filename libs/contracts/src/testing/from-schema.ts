import * as fc from 'fast-check';

/** The part of JSON Schema that the contracts use. */
export interface JsonSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
}

/** Values that a schema allows, drawn from the schema itself, so that a new field is tested from its first day. */
export function fromSchema(schema: JsonSchema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(fromSchema));
  switch (schema.type) {
    case 'string':
      return text(schema);
    case 'integer':
      return integer(schema.minimum ?? Number.MIN_SAFE_INTEGER, schema.maximum ?? Number.MAX_SAFE_INTEGER);
    case 'number':
      return number(schema);
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(fromSchema(schema.items ?? {}), { maxLength: Math.min(schema.maxItems ?? 20, 20) });
    case 'object':
      return object(schema);
    default:
      throw new Error(`no arbitrary for the schema ${JSON.stringify(schema)}`);
  }
}

function text({ pattern, minLength = 0, maxLength = 200 }: JsonSchema): fc.Arbitrary<string> {
  if (pattern === undefined) return fc.string({ unit: 'binary', minLength, maxLength: Math.min(maxLength, 40) });
  return fc
    .stringMatching(new RegExp(pattern), { size: 'small' })
    .filter(({ length }) => length >= minLength && length <= maxLength);
}

/** Mostly small numbers, since sums of them are looked at; now and then one from the whole range. */
function integer(min: number, max: number): fc.Arbitrary<number> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.maxSafeInteger().map((n) => (n < min || n > max ? min + (Math.abs(n) % 1_000) : n)) },
    { weight: 4, arbitrary: fc.integer({ min: Math.max(min, -1_000), max: Math.min(max, Math.max(min, 0) + 1_000) }) },
    { weight: 1, arbitrary: fc.constantFrom(min, max) },
  );
}

function number({ minimum, exclusiveMinimum, maximum }: JsonSchema): fc.Arbitrary<number> {
  return fc
    .double({
      min: minimum ?? exclusiveMinimum ?? -1e15,
      max: maximum ?? 1e15,
      minExcluded: exclusiveMinimum !== undefined,
      noNaN: true,
    })
    .map((value) => (value === 0 ? 0 : value)); // JSON has no negative zero to carry
}

function object(schema: JsonSchema): fc.Arbitrary<unknown> {
  if (schema.patternProperties !== undefined) {
    const [pattern, value] = Object.entries(schema.patternProperties)[0]!;
    return fc.dictionary(
      fc.stringMatching(new RegExp(pattern), { size: 'small' }).filter((key) => key.length <= 64),
      fromSchema(value),
      { maxKeys: Math.min(schema.maxProperties ?? 8, 8), noNullPrototype: true },
    );
  }
  const required = new Set(schema.required);
  const fields = Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, field]) => [name, fromSchema(field)]),
  );
  return fc.record(fields, { requiredKeys: [...required], noNullPrototype: true });
}
