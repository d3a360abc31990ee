import { EVENT_SCHEMAS, explain, MAX_REJECTED_EVENT_BYTES, type EventKind, type Schema } from '#libs/contracts';

const MAX_DEPTH = 4;
const MAX_FIELDS = 100;
/** Names that a developer writes; anything else may be data, and is left out. */
const FIELD_NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;

/**
 * A rejected event as it may be kept: fields that its kind allows stay, so that it can be mended; texts in all others
 * are blanked, since nobody knows what they hold. Undefined when it is larger than MAX_REJECTED_EVENT_BYTES.
 */
export function redactedEvent(event: unknown): string | undefined {
  const schema = schemaOf(event);
  const budget = { fields: MAX_FIELDS };
  const kept = schema === undefined ? blanked(event, 0, budget) : known(event as object, schema, budget);
  const text = JSON.stringify(kept);
  return Buffer.byteLength(text) > MAX_REJECTED_EVENT_BYTES ? undefined : text;
}

function schemaOf(event: unknown): Schema | undefined {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return undefined;
  const { kind } = event as { kind?: unknown };
  return typeof kind === 'string' && Object.hasOwn(EVENT_SCHEMAS, kind) ? EVENT_SCHEMAS[kind as EventKind] : undefined;
}

function known(event: object, schema: Schema, budget: { fields: number }): object {
  const kept: [string, unknown][] = [];
  for (const [name, value] of Object.entries(event)) {
    if (budget.fields-- <= 0) break;
    const field =
      schema.properties !== undefined && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
    const valid = field !== undefined && explain(field, value) === undefined && !holdsUnknown(field, value);
    if (valid) kept.push([name, value]);
    else if (FIELD_NAME.test(name)) kept.push([name, blanked(value, 1, budget)]);
  }
  return Object.fromEntries(kept);
}

/** A valid object may still hold fields that nobody knows. */
function holdsUnknown({ properties }: Schema, value: unknown): boolean {
  if (properties === undefined) return false;
  return Object.keys(value as object).some((name) => !Object.hasOwn(properties, name));
}

function blanked(value: unknown, depth: number, budget: { fields: number }): unknown {
  if (typeof value === 'string') return '';
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return null;
  const next = (item: unknown) => (budget.fields-- > 0 ? blanked(item, depth + 1, budget) : null);
  if (Array.isArray(value)) return value.slice(0, MAX_FIELDS).map(next);
  const kept: [string, unknown][] = [];
  for (const name of Object.keys(value)) {
    if (budget.fields <= 0) break;
    if (FIELD_NAME.test(name)) kept.push([name, next((value as Record<string, unknown>)[name])]);
  }
  return Object.fromEntries(kept);
}
