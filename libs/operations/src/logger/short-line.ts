/** Fields that stand at fixed places of a line, or say nothing to a person in front of one program. */
const OWN_PLACE = new Set(['level', 'time', 'app', 'message']);

/** A JSON log line as one for people: `12:01:02 warn  Batch rejected. table=cache_windows rows=5`. Pure. */
export function shortLine(json: string): string {
  let line: Record<string, unknown>;
  try {
    line = JSON.parse(json) as Record<string, unknown>;
  } catch {
    return json;
  }
  const time = typeof line['time'] === 'string' ? line['time'].slice(11, 19) : '--:--:--';
  const fields = Object.entries(line)
    .filter(([name]) => !OWN_PLACE.has(name))
    .map(([name, value]) => ` ${name}=${fieldText(value)}`);
  return `${time} ${String(line['level']).padEnd(5)} ${String(line['message'])}${fields.join('')}\n${stackOf(line['error'])}`;
}

function fieldText(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  if (isError(value))
    return JSON.stringify(`${value.code === undefined ? '' : `${String(value.code)}: `}${value.message}`);
  return JSON.stringify(value) ?? 'undefined';
}

function stackOf(value: unknown): string {
  if (!isError(value) || typeof value.stack !== 'string') return '';
  const frames = value.stack.split('\n').filter((one) => /^\s+at /.test(one));
  return frames.length === 0 ? '' : `${frames.map((one) => `         ${one.trim()}`).join('\n')}\n`;
}

function isError(value: unknown): value is { message: string; code?: unknown; stack?: unknown } {
  return typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string';
}
