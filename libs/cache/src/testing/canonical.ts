/**
 * A text that two values share exactly when they are the same in kind and content, whatever realm they come from: a test
 * runner's sandbox has its own `Map` and `Date`, and decoders do not make those. Buffers count as the bytes they are.
 */
export function canonical(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : String(value);
  if (Array.isArray(value)) return `[${Array.from(value, canonical).join()}]`;
  if (ArrayBuffer.isView(value)) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
    return `${tagOf(value)}(${bytes})`;
  }
  switch (tagOf(value)) {
    case 'Date':
      return `Date(${(value as Date).getTime()})`;
    case 'Map':
      return `Map(${[...(value as Map<unknown, unknown>)].map(([key, one]) => `${canonical(key)}=>${canonical(one)}`).join()})`;
    case 'Set':
      return `Set(${Array.from(value as Set<unknown>, canonical).join()})`;
    case 'Error':
      return `Error(${canonical((value as Error).message)})`;
    case 'RegExp':
      return String(value);
    default: {
      const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
      return `{${fields.map(([name, one]) => `${JSON.stringify(name)}:${canonical(one)}`).join()}}`;
    }
  }
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}
