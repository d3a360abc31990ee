/** What a record of the state topic says: the epoch of a scope, or one entry of it. */
export type RecordKey =
  | { readonly kind: 'epoch'; readonly scope: string }
  | { readonly kind: 'entry'; readonly scope: string; readonly key: string };

/** A line feed parts the two, so a scope cannot have one; the key may hold anything. */
export function encodeRecordKey(key: RecordKey): string {
  if (key.scope === '' || key.scope.includes('\n')) throw new RangeError('A scope is not empty and has no line feed.');
  return key.kind === 'epoch' ? `epoch\n${key.scope}` : `entry\n${key.scope}\n${key.key}`;
}

/** Undefined for what this version does not write: a newer one may. */
export function decodeRecordKey(text: string): RecordKey | undefined {
  const [kind, scope, ...rest] = text.split('\n');
  if (scope === undefined || scope === '') return undefined;
  if (kind === 'epoch' && rest.length === 0) return { kind, scope };
  if (kind === 'entry' && rest.length > 0) return { kind, scope, key: rest.join('\n') };
  return undefined;
}
