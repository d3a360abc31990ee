import { isReadableTable, type ReadableTables } from './check-tree.js';
import { denied } from './sql-error.js';

const NAME = '(?:`(?<name>[^`\\\\]+)`|(?<word>[A-Za-z_][A-Za-z0-9_]*))';
const TABLE = '(?<table>(?:`[^`\\\\]+`|\\w+)(?:\\.(?:`[^`\\\\]+`|\\w+))?)';
const LIKE = "(?: (?:NOT )?I?LIKE '(?:[^'\\\\]|\\\\.)*')?(?: LIMIT \\d+)?";

/** Statements whose syntax tree does not tell what they show. In canonical form. */
const SHOWS: readonly RegExp[] = [
  new RegExp(`^SHOW DATABASES${LIKE}$`),
  new RegExp(`^SHOW (?:FULL )?TABLES(?: FROM ${NAME})?${LIKE}$`),
  new RegExp(`^SHOW (?:EXTENDED )?(?:FULL )?COLUMNS FROM ${TABLE}(?: FROM ${NAME})?${LIKE}$`),
  new RegExp(`^SHOW CREATE TABLE ${TABLE}$`),
  new RegExp(`^EXISTS (?:TABLE |VIEW )?${TABLE}$`),
];

/**
 * Whether the statement is a SHOW or EXISTS that is let through; false when it is none and its syntax tree decides.
 * @throws SqlError for one that shows anything but the project's tables.
 */
export function isAllowedShow(sql: string, tables: ReadableTables): boolean {
  if (!/^(?:SHOW|EXISTS)\b/.test(sql)) return false;
  for (const pattern of SHOWS) {
    const match = pattern.exec(sql);
    if (match === null) continue;
    const { name, word, table } = match.groups ?? {};
    const database = name ?? word;
    if (database !== undefined && !tables.databases.includes(database)) break;
    if (table !== undefined && !isReadableTable(table.replaceAll('`', ''), tables)) break;
    return true;
  }
  throw denied(
    `This SHOW is refused. SHOW TABLES, COLUMNS and CREATE TABLE of ${tables.databases.join(', ')} and SHOW DATABASES are taken.`,
  );
}
