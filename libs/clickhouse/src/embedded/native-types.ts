import { EngineError } from './engine-error.js';

/** What must be known of a type to tell where a column of it ends. */
export type NativeType =
  | { readonly kind: 'fixed'; readonly bytes: number }
  | { readonly kind: 'string' }
  | { readonly kind: 'nullable' | 'array' | 'dictionary'; readonly inner: NativeType }
  | { readonly kind: 'tuple'; readonly parts: readonly NativeType[] };

const FIXED: ReadonlyMap<string, number> = new Map([
  ...(['Int', 'UInt'] as const).flatMap((name) =>
    [8, 16, 32, 64, 128, 256].map((bits) => [name + bits, bits / 8] as const),
  ),
  ...(['Float32', 'IPv4', 'Date32', 'DateTime', 'Time', 'Decimal32'] as const).map((name) => [name, 4] as const),
  ...(['Float64', 'DateTime64', 'Time64', 'Decimal64'] as const).map((name) => [name, 8] as const),
  ...(['UUID', 'IPv6', 'Decimal128'] as const).map((name) => [name, 16] as const),
  ...(['Bool', 'Enum8', 'Nothing'] as const).map((name) => [name, 1] as const),
  ...(['Date', 'Enum16', 'BFloat16'] as const).map((name) => [name, 2] as const),
  ['Decimal256', 32],
]);
const POINT: NativeType = { kind: 'tuple', parts: [fixed(8), fixed(8)] };
const GEOMETRY: ReadonlyMap<string, NativeType> = new Map<string, NativeType>([
  ['Point', POINT],
  ['Ring', array(POINT)],
  ['LineString', array(POINT)],
  ['MultiLineString', array(array(POINT))],
  ['Polygon', array(array(POINT))],
  ['MultiPolygon', array(array(array(POINT)))],
]);

/** Reads a type as ClickHouse writes it: `Map(LowCardinality(String), Array(UInt8))`. @throws EngineError NOT_IMPLEMENTED */
export function readType(text: string): NativeType {
  const open = text.indexOf('(');
  const name = open < 0 ? text : text.slice(0, open);
  const inside = open < 0 ? [] : splitArguments(text.slice(open + 1, -1));
  const first = inside[0] ?? '';
  const bytes = FIXED.get(name);
  if (bytes !== undefined) return fixed(bytes);
  const geometry = GEOMETRY.get(name);
  if (geometry !== undefined) return geometry;
  if (name.startsWith('Interval')) return fixed(8);
  switch (name) {
    case 'String':
      return { kind: 'string' };
    case 'FixedString':
      return fixed(Number(first));
    case 'Decimal':
      return fixed(decimalBytes(Number(first)));
    case 'Nullable':
      return { kind: 'nullable', inner: readType(first) };
    case 'Array':
      return array(readType(first));
    case 'LowCardinality': {
      // The dictionary's keys are never null: null is a key of its own.
      const inner = readType(first);
      return { kind: 'dictionary', inner: inner.kind === 'nullable' ? inner.inner : inner };
    }
    case 'Map':
      return array({ kind: 'tuple', parts: inside.map(readType) });
    case 'Tuple':
      return { kind: 'tuple', parts: inside.map((part) => readType(withoutName(part))) };
    case 'Nested':
      return array({ kind: 'tuple', parts: inside.map((part) => readType(withoutName(part))) });
    case 'SimpleAggregateFunction':
      return readType(inside[1] ?? '');
    default:
      throw new EngineError(
        48,
        'NOT_IMPLEMENTED',
        `The type ${text} cannot be sent in Native to a client of this protocol version: cast it to String.`,
      );
  }
}

function fixed(bytes: number): NativeType {
  return { kind: 'fixed', bytes };
}

function array(inner: NativeType): NativeType {
  return { kind: 'array', inner };
}

function decimalBytes(precision: number): number {
  return precision <= 9 ? 4 : precision <= 18 ? 8 : precision <= 38 ? 16 : 32;
}

/** `name Type` → Type; a type without a name stays: only names are followed by a space outside brackets. */
function withoutName(part: string): string {
  const name = /^(?:`(?:[^`\\]|\\[^])*`|\w+) (?=[A-Z])/.exec(part)?.[0] ?? '';
  return part.slice(name.length);
}

/** Splits at commas outside brackets and quotes. */
function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (const { 0: token, index } of text.matchAll(/'(?:[^'\\]|\\[^])*'|`(?:[^`\\]|\\[^])*`|[(),]/g)) {
    if (token === '(') depth++;
    else if (token === ')') depth--;
    else if (token === ',' && depth === 0) {
      parts.push(text.slice(start, index).trim());
      start = index + 1;
    }
  }
  return [...parts, text.slice(start).trim()];
}
