import type { Schema } from './explain.js';

type Fields = Readonly<Record<string, unknown>>;

/** Counts and leaves out the fields that a schema does not name, at every level of it. */
export interface FieldFilter {
  /** How many fields of a valid value are unknown. O(fields), allocates nothing. */
  count(value: unknown): number;
  /** The value without them; a copy. Fields such as `__proto__` are left out like any other. */
  strip(value: unknown): unknown;
}

/**
 * Compiles the filter of an object schema, or returns undefined when nothing unknown can be in a value of it
 * (scalars, lists of scalars, maps whose names are the sender's own).
 */
export function fieldFilter(schema: Schema): FieldFilter | undefined {
  const { properties } = schema;
  if (properties === undefined) return undefined;
  const known = new Set(Object.keys(properties));
  const nested: (readonly [name: string, filter: FieldFilter])[] = [];
  for (const [name, field] of Object.entries(properties)) {
    const filter = fieldFilter(field);
    if (filter !== undefined) nested.push([name, filter]);
  }
  return {
    count: (value) => {
      let unknown = 0;
      for (const name in value as Fields) if (!known.has(name)) unknown++;
      for (let i = 0; i < nested.length; i++) {
        const inner = (value as Fields)[nested[i]![0]];
        if (inner !== undefined) unknown += nested[i]![1].count(inner);
      }
      return unknown;
    },
    strip: (value) => {
      const kept: Record<string, unknown> = {};
      for (const name of Object.keys(value as Fields)) if (known.has(name)) kept[name] = (value as Fields)[name];
      for (const [name, filter] of nested) if (kept[name] !== undefined) kept[name] = filter.strip(kept[name]);
      return kept;
    },
  };
}
