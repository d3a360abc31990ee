import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#libs/time';
import type { ClickHouse } from './clickhouse.js';
import { ClickHouseStoreError } from './errors.js';
import type { RowReader } from './reading/row-reader.js';
import { answerViews, VIEWS_REVISION } from './recount/views.js';

export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
  readonly statements: readonly string[];
}

const FOLDER = join(import.meta.dirname, 'migrations');
const LEDGER = `CREATE TABLE IF NOT EXISTS migrations
(
    number UInt32,
    name String,
    checksum String,
    applied_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY number
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`;

/** The row of `meta` that says which revision of the views is there. */
const VIEWS = 'views';

/** The migrations that this version has, in order. */
export async function readMigrations(folder = FOLDER): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((file) => /^\d{4}_[a-z0-9_]+\.sql$/.test(file)).sort();
  return Promise.all(
    files.map(async (file, index) => {
      const text = await readFile(join(folder, file), 'utf8');
      const number = Number(file.slice(0, 4));
      if (number !== index + 1)
        throw new Error(`Migration ${file} breaks the sequence: number ${index + 1} is expected.`);
      return {
        number,
        name: file.slice(5, -4),
        checksum: createHash('sha256').update(text).digest('hex'),
        statements: statementsOf(text),
      };
    }),
  );
}

interface LedgerRow {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
}

const READ_LEDGER = 'SELECT number, name, checksum FROM migrations FINAL ORDER BY number';

/**
 * Whether the database is of this version, in words. For apps that read it and do not migrate.
 *
 * @throws ClickHouseStoreError SCHEMA_NEWER, SCHEMA_CHANGED as `migrate`, SCHEMA_OLDER when the aggregator of this version
 *   has not been there yet; what the reader throws when ClickHouse does not answer.
 */
export async function checkSchema(reader: RowReader, migrations?: readonly Migration[]): Promise<string> {
  const known = migrations ?? (await readMigrations());
  const ledger = await reader.rows<LedgerRow>(READ_LEDGER).catch((error: unknown) => {
    if (error instanceof ClickHouseStoreError && isMissing(error.cause)) throw older(error);
    throw error;
  });
  for (const row of ledger) checkApplied(known, row);
  if (ledger.length < known.length) throw older();
  return 'ClickHouse answers, and has the tables of this version.';
}

/**
 * For who only reads, at its start: not on a database of a newer version. One that is away or older may come later, which
 * readiness tells.
 *
 * @throws ClickHouseStoreError SCHEMA_NEWER, SCHEMA_CHANGED
 */
export async function refuseNewerSchema(reader: RowReader): Promise<void> {
  await checkSchema(reader).catch((error: unknown) => {
    if (error instanceof ClickHouseStoreError && /^SCHEMA_(?:NEWER|CHANGED)$/.test(error.code)) throw error;
  });
}

/** UNKNOWN_TABLE, UNKNOWN_DATABASE: nobody has made them yet. Any other refusal is about something else. */
const MISSING = new Set(['60', '81']);

function isMissing(cause: unknown): boolean {
  return MISSING.has(String((cause as { code?: unknown } | undefined)?.code));
}

function older(cause?: unknown): ClickHouseStoreError {
  return new ClickHouseStoreError(
    'SCHEMA_OLDER',
    'The database does not have the tables of this version yet: start the aggregator of this version, which makes them.',
    true,
    { cause },
  );
}

/**
 * Brings the database to this version. Safe from several instances at once: every statement is idempotent (it may run
 * twice, and at the same time), and the ledger's rows are equal whoever writes them. The views are made again at each
 * start, unless a newer version has made them.
 *
 * @throws ClickHouseStoreError SCHEMA_NEWER when the database knows a migration that this version does not have,
 *   or one started meanwhile; SCHEMA_CHANGED when an applied one has another text here.
 */
export async function migrate(
  clickhouse: ClickHouse,
  clock: Clock,
  migrations?: readonly Migration[],
  viewsRevision = VIEWS_REVISION,
): Promise<{ applied: readonly string[] }> {
  const known = migrations ?? (await readMigrations());
  await clickhouse.createDatabase();
  await clickhouse.command(LEDGER);
  const ledger = await clickhouse.query<LedgerRow>(READ_LEDGER);
  const applied: string[] = [];
  for (const row of ledger) checkApplied(known, row);
  for (const migration of known) {
    if (ledger.some(({ number }) => number === migration.number)) continue;
    for (const statement of migration.statements) await clickhouse.command(statement);
    await clickhouse.insertRows(
      'migrations',
      [
        { name: 'number', type: 'UInt32', value: (row: Migration) => row.number },
        { name: 'name', type: 'String', value: (row) => row.name },
        { name: 'checksum', type: 'String', value: (row) => row.checksum },
        { name: 'applied_at', type: "DateTime64(3, 'UTC')", value: () => clock.now() },
      ],
      [migration],
    );
    applied.push(migration.name);
  }
  await makeViews(clickhouse, viewsRevision);
  return { applied };
}

/**
 * The revision is written first, so that an older instance that starts meanwhile leaves the views alone. One that had
 * looked just before may have made its own over the newer ones: it looks again, and says so.
 */
async function makeViews(clickhouse: ClickHouse, revision: number): Promise<void> {
  const newest = await newestViews(clickhouse);
  if (newest > revision) return;
  if (newest < revision)
    await clickhouse.insertRows(
      'meta',
      [
        { name: 'name', type: 'String', value: () => VIEWS },
        { name: 'value', type: 'String', value: (one: number) => String(one) },
        { name: 'revision', type: 'UInt64', value: (one) => one },
      ],
      [revision],
    );
  for (const { sql } of answerViews()) await clickhouse.command(sql);
  const since = await newestViews(clickhouse);
  if (since > revision)
    throw new ClickHouseStoreError(
      'SCHEMA_NEWER',
      `A newer version (views of revision ${since}) started while this one (${revision}) made the views, and some may be this one's now. Start an aggregator of the newer version again, which makes its own, and no older one.`,
      false,
    );
}

async function newestViews(clickhouse: ClickHouse): Promise<number> {
  const [made] = await clickhouse.query<{ revision: string | number }>(
    `SELECT max(revision) AS revision FROM meta WHERE name = '${VIEWS}'`,
  );
  return Number(made?.revision ?? 0);
}

function checkApplied(known: readonly Migration[], { number, name, checksum }: LedgerRow): void {
  const mine = known.find((one) => one.number === number);
  if (mine === undefined)
    throw new ClickHouseStoreError(
      'SCHEMA_NEWER',
      `The database has migration ${number} (${name}), which this version does not know: it was made by a newer one. Run that version, or restore a backup.`,
      false,
    );
  if (mine.checksum !== checksum)
    throw new ClickHouseStoreError(
      'SCHEMA_CHANGED',
      `Migration ${number} (${name}) was applied with another text than this version has. A migration never changes once it is released: add a new one.`,
      false,
    );
}

/** Statements end with a semicolon at the end of a line; migrations hold no strings with one. */
function statementsOf(text: string): string[] {
  return text
    .replaceAll(/^--.*$/gm, '')
    .split(/;\s*$/m)
    .map((one) => one.trim())
    .filter((one) => one !== '');
}
