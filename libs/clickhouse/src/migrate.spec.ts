import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readMigrations } from './migrate.js';
import { answerViews, VIEWS_REVISION } from './recount/views.js';

/**
 * Statements that may run twice, and at the same time from several instances, with one outcome: what is there stays, what
 * is gone is gone. Anything that adds or moves rows is not among them.
 */
const IDEMPOTENT = [
  /^CREATE TABLE IF NOT EXISTS /,
  /^DROP (?:TABLE|VIEW) IF EXISTS /,
  /^ALTER TABLE \w+\s+ADD (?:COLUMN|INDEX|CONSTRAINT|PROJECTION) IF NOT EXISTS [^,]*$/,
  // Many columns of a table in one statement, each of which may be there: a statement for each would take a second.
  /^ALTER TABLE \w+(?:,?\s+ADD COLUMN IF NOT EXISTS \w+ \w+(?:\([\w ,()]*\))? AFTER \w+(?=,|$))+$/,
  /^ALTER TABLE \w+\s+DROP (?:COLUMN|INDEX|CONSTRAINT|PROJECTION) IF EXISTS [^,]*$/,
  /^ALTER TABLE \w+\s+MODIFY (?:COLUMN IF EXISTS|SETTING|TTL|COMMENT) /,
];
const isIdempotent = (statement: string) => IDEMPOTENT.some((one) => one.test(statement));

describe('Migrations', () => {
  it('hold idempotent statements only, since several instances may run them at once', async () => {
    const statements = (await readMigrations()).flatMap(({ name, statements }) =>
      statements.map((statement) => ({ name, statement })),
    );
    expect(statements.length).toBeGreaterThan(10);
    expect(statements.filter(({ statement }) => !isIdempotent(statement))).toEqual([]);
  });

  it.each([
    'CREATE TABLE marks (a UInt8) ENGINE = Memory',
    'ALTER TABLE marks ADD COLUMN note String',
    'ALTER TABLE marks ADD COLUMN IF NOT EXISTS a String, ADD COLUMN b String',
    'ALTER TABLE marks RENAME COLUMN a TO b',
    'INSERT INTO marks SELECT * FROM old',
  ])('would not hold %j', (statement) => expect(isIdempotent(statement)).toBe(false));
});

/** What each revision's views were. A new text takes a new revision and a line here. */
const TEXTS: Readonly<Record<number, string>> = {
  1: 'd02762e427d4fd0cde8fea5370b691a699fe0b19e938ac5068c12945f458297c',
  2: 'becbb9cf2bee925ebfa9ba32172e1c7792e14ccd7aa936ea1cc2ac94a4360582',
};

it('Views have a revision of their own that goes up with their text', () => {
  const text = answerViews()
    .map(({ sql }) => sql)
    .join('\n');
  expect({ [VIEWS_REVISION]: createHash('sha256').update(text).digest('hex') }).toEqual({
    [VIEWS_REVISION]: TEXTS[VIEWS_REVISION],
  });
  expect(Math.max(...Object.keys(TEXTS).map(Number))).toBe(VIEWS_REVISION);
});
