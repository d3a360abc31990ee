/** The value that a text holds as JSON; undefined when it is none. Pure. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
