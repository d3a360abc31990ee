/** The part of JSON Schema that the contracts use; what is not here, a contract must not use (explain.spec.ts holds it). */
export interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean;
  readonly items?: Schema;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
}

/** Where a value breaks its schema, and how, in words. Never quotes a text of the value: it goes to logs and dead letters. */
export interface Fault {
  /** JSON pointer (RFC 6901) from the value; '' is the value itself. */
  readonly pointer: string;
  readonly reason: string;
}

const fault = (pointer: string, reason: string): Fault => ({ pointer, reason });

/**
 * The first fault of a value, or undefined when the schema allows it. Says what the compiled check only denies;
 * interpreted, so it runs for rejected values alone. Goes no deeper than the schema, whatever the value holds.
 */
export function explain(schema: Schema, value: unknown, pointer = ''): Fault | undefined {
  if (schema.const !== undefined)
    return value === schema.const ? undefined : fault(pointer, `must be ${JSON.stringify(schema.const)}`);
  if (schema.enum !== undefined)
    return schema.enum.includes(value) ? undefined : fault(pointer, `must be one of ${schema.enum.join(', ')}`);
  if (schema.anyOf !== undefined) {
    const faults = schema.anyOf.map((one) => explain(one, value, pointer));
    return faults.includes(undefined) ? undefined : fault(pointer, faults.map((one) => one?.reason).join(', or '));
  }
  switch (schema.type) {
    case 'string':
      return explainText(schema, value, pointer);
    case 'integer':
    case 'number':
      return explainNumber(schema, value, pointer);
    case 'boolean':
      return typeof value === 'boolean' ? undefined : fault(pointer, 'must be true or false');
    case 'array':
      return explainList(schema, value, pointer);
    default:
      return explainObject(schema, value, pointer);
  }
}

/** One step of a JSON pointer. */
export function pointerStep(key: string | number): string {
  return `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function explainText(schema: Schema, value: unknown, pointer: string): Fault | undefined {
  if (typeof value !== 'string') return fault(pointer, `must be a text, not ${typeName(value)}`);
  const { minLength = 0, maxLength = Infinity, pattern } = schema;
  if (value.length < minLength) return fault(pointer, `must have at least ${minLength} character`);
  if (value.length > maxLength && [...value].length > maxLength)
    return fault(pointer, `must have at most ${maxLength} characters`);
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(value)) return fault(pointer, `must match ${pattern}`);
  return undefined;
}

function explainNumber(schema: Schema, value: unknown, pointer: string): Fault | undefined {
  const whole = schema.type === 'integer';
  if (typeof value !== 'number' || !Number.isFinite(value))
    return fault(pointer, `must be a ${whole ? 'whole ' : ''}number, not ${typeName(value)}`);
  if (whole && !Number.isInteger(value)) return fault(pointer, 'must be a whole number');
  if (schema.minimum !== undefined && value < schema.minimum)
    return fault(pointer, `must be at least ${schema.minimum}`);
  if (schema.exclusiveMinimum !== undefined && value <= schema.exclusiveMinimum)
    return fault(pointer, `must be more than ${schema.exclusiveMinimum}`);
  if (schema.maximum !== undefined && value > schema.maximum)
    return fault(pointer, `must be at most ${schema.maximum}`);
  return undefined;
}

function explainList(schema: Schema, value: unknown, pointer: string): Fault | undefined {
  if (!Array.isArray(value)) return fault(pointer, `must be a list, not ${typeName(value)}`);
  if (schema.maxItems !== undefined && value.length > schema.maxItems)
    return fault(pointer, `must have at most ${schema.maxItems} items`);
  for (let i = 0; i < value.length; i++) {
    const found = explain(schema.items ?? {}, value[i], pointer + pointerStep(i));
    if (found !== undefined) return found;
  }
  return undefined;
}

function explainObject(schema: Schema, value: unknown, pointer: string): Fault | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return fault(pointer, `must be an object, not ${typeName(value)}`);
  const missing = schema.required?.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) return fault(pointer + pointerStep(missing), 'is missing');
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (!Object.hasOwn(value, name)) continue;
    const found = explain(field, (value as Record<string, unknown>)[name], pointer + pointerStep(name));
    if (found !== undefined) return found;
  }
  if (schema.patternProperties !== undefined) return explainMap(schema, value, pointer);
  if (schema.additionalProperties !== false) return undefined;
  const known = Object.keys(schema.properties ?? {});
  // Here, too, the name is not repeated.
  return Object.keys(value).every((name) => known.includes(name))
    ? undefined
    : fault(pointer, `has a field that is not known here; known are ${known.join(', ')}`);
}

function explainMap(schema: Schema, value: object, pointer: string): Fault | undefined {
  const entries = Object.entries(value);
  if (schema.maxProperties !== undefined && entries.length > schema.maxProperties)
    return fault(pointer, `must have at most ${schema.maxProperties} entries`);
  for (const [pattern, field] of Object.entries(schema.patternProperties ?? {})) {
    const matches = new RegExp(pattern, 'u');
    for (const [name, item] of entries) {
      if (!matches.test(name)) {
        // The name may be anything, a person's too: it is not repeated.
        if (schema.additionalProperties === false) return fault(pointer, `has a name that does not match ${pattern}`);
        continue;
      }
      const found = explain(field, item, pointer + pointerStep(name));
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'a text';
  if (typeof value === 'object') return 'an object';
  return `a ${typeof value}`;
}
