/** What to do about an error of ClickHouse's, by its number. */
const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['158', 'Ask for a shorter time, or a coarser rollup.'],
  ['159', 'Ask for a shorter time, or a coarser rollup.'],
  ['160', 'Ask for a shorter time, or a coarser rollup.'],
  ['241', 'Ask for fewer groups, a shorter time, or a coarser rollup.'],
  ['307', 'Ask for a shorter time, or a coarser rollup.'],
  ['396', 'Add a LIMIT, or group more coarsely.'],
  ['164', 'Here one can read, and nothing else.'],
  ['60', 'SHOW TABLES lists what is there.'],
]);

/** Puts the sentence before the error's name, where clients take the message from. */
export function advised(text: string, exceptionCode: string): string {
  const remedy = REMEDIES.get(exceptionCode);
  return remedy === undefined
    ? text
    : text.replace(/\.?\s*(\([A-Z][A-Z0-9_]{3,}\)[^()]*(?:\([^()]*(?:\([^()]*\))?[^()]*\)\s*)?)$/, `. ${remedy} $1`);
}
