/** One thing looked at. `skipped` could not be looked at, because of another check. */
export interface Check {
  readonly name: string;
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly detail: string;
  /** What to do; none when all is well. */
  readonly remedy?: string;
}

export const ok = (name: string, detail: string): Check => ({ name, status: 'ok', detail });
export const skipped = (name: string, detail: string): Check => ({ name, status: 'skipped', detail });
export const warning = (name: string, detail: string, remedy: string): Check => ({
  name,
  status: 'warning',
  detail,
  remedy,
});
export const failed = (name: string, detail: string, remedy: string): Check => ({
  name,
  status: 'failed',
  detail,
  remedy,
});

const MARKS = { ok: 'ok', warning: 'warn', failed: 'FAIL', skipped: 'skip' } as const;

/** One line for each check, and its remedy below. Pure. */
export function renderChecks(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks
    .flatMap(({ name, status, detail, remedy }) => [
      `${MARKS[status].padEnd(4)}  ${name.padEnd(width)}  ${detail}`,
      ...(remedy === undefined ? [] : [`${' '.repeat(width + 8)}→ ${remedy}`]),
    ])
    .join('\n');
}
