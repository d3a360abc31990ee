import {
  editDistance,
  EVENT_KINDS,
  EVENT_SCHEMAS,
  explain,
  MAX_REJECTED_EVENT_BYTES,
  type Schema,
} from '#libs/contracts';

const MAX_DEPTH = 4;
const MAX_FIELDS = 100;
/** Names that a developer writes; anything else may be data, and is left out. */
const FIELD_NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;

/**
 * A rejected event as it may be kept: fields that its kind allows stay, so that it can be mended; texts in all others
 * are blanked, since nobody knows what they hold. A word that misses one of the contract's own by a letter or two stays
 * as well: it is that word mistyped. Any other, however much it looks like an identifier, may be a term that somebody
 * looked for, or the id of a peer. Undefined when it is larger than MAX_REJECTED_EVENT_BYTES.
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
  const meant = EVENT_KINDS.find((one) => one === kind) ?? EVENT_KINDS.find((one) => isMistyped(kind, one));
  return meant && EVENT_SCHEMAS[meant];
}

function known(event: object, schema: Schema, budget: { fields: number }): object {
  const kept: [string, unknown][] = [];
  for (const [name, value] of Object.entries(event)) {
    if (budget.fields-- <= 0) break;
    const field =
      schema.properties !== undefined && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
    const valid = field !== undefined && explain(field, value) === undefined && !holdsUnknown(field, value);
    if (valid || (field !== undefined && wordsOf(field).some((word) => isMistyped(value, word))))
      kept.push([name, value]);
    else if (FIELD_NAME.test(name)) kept.push([name, blanked(value, 1, budget)]);
  }
  return Object.fromEntries(kept);
}

/** What a field may be that holds one of a closed set of words. */
function wordsOf({ const: only, enum: some = [] }: Schema): readonly unknown[] {
  return only === undefined ? some : [only];
}

/** Up to two letters wrong, of six or more: of a short word too many others are near. */
function isMistyped(value: unknown, word: unknown): boolean {
  if (typeof value !== 'string' || typeof word !== 'string') return false;
  const wrong = Math.min(2, Math.floor(word.length / 3));
  return Math.abs(value.length - word.length) <= wrong && editDistance(value, word) <= wrong;
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
