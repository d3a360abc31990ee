import { isAllowedFunction } from './allowed-functions.js';
import { denied } from './sql-error.js';
import type { SyntaxNode } from './syntax-tree.js';

export interface ReadableTables {
  /** Databases whose tables may be read, all of them. The first is where names without a database lead. */
  readonly databases: readonly string[];
}

/** Tables of the server itself that query builders ask; the engine shows them the project's rows only. */
const SYSTEM_TABLES = new Set([
  'system.databases',
  'system.tables',
  'system.columns',
  'system.functions',
  'system.settings',
  'system.formats',
  'system.data_type_families',
  'system.time_zones',
  'system.one',
  'system.numbers',
]);
/** Columns of those that tell where files are. */
const SYSTEM_SECRETS = new Set(['data_path', 'data_paths', 'metadata_path', 'metadata_version', 'uuid']);

const TABLE_FUNCTIONS = new Set(['numbers', 'numbers_mt', 'generate_series', 'generateseries', 'values']);

/** Functions whose second argument may be a table. */
const IN_FUNCTIONS = new Set(['in', 'notin', 'globalin', 'globalnotin']);

/** Nodes that hold nothing but their children. */
const PLAIN_NODES = new Set([
  'ArrayJoin',
  'Asterisk',
  'ColumnsExceptTransformer',
  'ColumnsListMatcher',
  'ColumnsRegexpMatcher',
  'ColumnsReplaceTransformer',
  'ColumnsReplaceTransformer::Replacement',
  'ColumnsTransformerList',
  'DataType',
  'ExpressionList',
  'InterpolateElement',
  'Literal',
  'OrderByElement',
  'QualifiedAsterisk',
  'QualifiedColumnsListMatcher',
  'QualifiedColumnsRegexpMatcher',
  'SampleRatio',
  'SelectIntersectExceptQuery',
  'SelectQuery',
  'Subquery',
  'TableExpression',
  'TableJoin',
  'TablesInSelectQuery',
  'TablesInSelectQueryElement',
  'WindowDefinition',
  'WindowListElement',
  'WithElement',
]);

const EXPLAINED = new Set([
  'EXPLAIN',
  'EXPLAIN AST',
  'EXPLAIN SYNTAX',
  'EXPLAIN QUERY TREE',
  'EXPLAIN PIPELINE',
  'EXPLAIN ESTIMATE',
]);

/**
 * Lets a query through that reads the project's tables with functions known to be harmless, and nothing else: whatever is
 * not on a list is refused.
 *
 * @throws SqlError that says what is refused and what to do instead. O(nodes).
 */
export function checkTree(root: SyntaxNode, tables: ReadableTables): void {
  if (!['SelectWithUnionQuery', 'Explain', 'DescribeQuery'].includes(root.type))
    throw denied('Only queries are taken here: SELECT, SHOW, DESCRIBE, EXISTS and EXPLAIN.');
  everyNode(root, (node, parents) => checkNode(node, parents, tables));
  // Last: a * before a table that is refused anyway must not be what the refusal speaks of.
  if (mentionsSystemTables(root)) everyNode(root, checkBesideSystemTables);
}

/** A node, and its parent and its parent's, as far as there are any, the nearest last. */
type Look = (node: SyntaxNode, parents: readonly SyntaxNode[]) => void;

function everyNode(root: SyntaxNode, look: Look): void {
  const visit: Look = (node, parents) => {
    look(node, parents);
    const inside = [...parents.slice(-1), node];
    for (const child of node.children) visit(child, inside);
  };
  visit(root, []);
}

function checkNode(node: SyntaxNode, parents: readonly SyntaxNode[], tables: ReadableTables): void {
  const { type, name, children } = node;
  const parent = parents.at(-1);
  switch (type) {
    case 'SelectWithUnionQuery':
      // FORMAT, INTO OUTFILE and SETTINGS would be further children.
      if (children.length !== 1) throw denied('FORMAT and SETTINGS are taken at the end of the statement only.');
      return;
    case 'DescribeQuery':
      if (parent !== undefined && parent.type !== 'Explain') throw denied('DESCRIBE stands alone.');
      return;
    case 'Explain':
      if (parent !== undefined || !EXPLAINED.has(name)) throw denied(`${name} is refused here.`);
      return;
    case 'Set':
      if (parent?.type !== 'Explain') throw denied('SETTINGS are taken at the end of the statement only.');
      return;
    case 'TableIdentifier':
      if (!isReadableTable(name, tables)) throw refusedTable(name, tables);
      return;
    case 'Identifier':
      checkIdentifier(node, parents, tables);
      return;
    case 'Function':
      checkFunction(name, parent?.type === 'TableExpression');
      return;
    default:
      if (!PLAIN_NODES.has(type)) throw denied(`${type} is not among what is taken here.`);
  }
}

/** `x IN name` reads a table of that name, though the tree calls it a mere identifier. */
function checkIdentifier(node: SyntaxNode, parents: readonly SyntaxNode[], tables: ReadableTables): void {
  const [first = ''] = node.name.split('.');
  const [call, list] = parents;
  const isRightOfIn =
    call?.type === 'Function' && IN_FUNCTIONS.has(call.name.toLowerCase()) && list?.children.indexOf(node) !== 0;
  if (isRightOfIn && node.name.includes('.') && !isReadableTable(node.name, tables))
    throw denied(`IN ${node.name} would read a table of that name. Write has(${node.name}, …) or IN (SELECT …).`);
  const schema = first.toLowerCase();
  if (schema !== 'system' && schema !== 'information_schema') return;
  // A column, or a table where a table function takes one.
  const table = node.name.split('.').slice(0, 2).join('.');
  if (!SYSTEM_TABLES.has(table)) throw refusedTable(table, tables);
}

function checkFunction(name: string, isTable: boolean): void {
  const word = /^\w+/.exec(name)?.[0] ?? '';
  if (isTable) {
    if (TABLE_FUNCTIONS.has(word.toLowerCase())) return;
    throw denied(
      `The table function ${word} is refused: it could read what is not the project's. ` +
        "Read the project's tables, numbers(), generate_series() or values().",
    );
  }
  if (!isAllowedFunction(word))
    throw denied(
      `The function ${word} is refused: it is not on the list of functions that only compute. docs/sql.md, What is taken, ` +
        'names the list.',
    );
}

/** What would show every column of a table of the server's, and the columns that tell about its disk. */
function checkBesideSystemTables(node: SyntaxNode, parents: readonly SyntaxNode[]): void {
  const [call] = parents;
  const counts = node.type === 'Asterisk' && call?.type === 'Function' && call.name.toLowerCase() === 'count';
  if (!counts && /^(?:Qualified)?(?:Asterisk|ColumnsRegexpMatcher)$/.test(node.type))
    throw denied(
      'Beside a table of the server, * is refused: it would also show where files are. ' +
        'Name the columns, as in SELECT name, engine FROM system.tables.',
    );
  const column = node.name.split('.').at(-1) ?? '';
  if (node.type === 'Identifier' && SYSTEM_SECRETS.has(column))
    throw denied(`The column ${column} of system tables is refused: it tells where files are.`);
}

function mentionsSystemTables(node: SyntaxNode): boolean {
  if (/^(?:Table)?Identifier$/.test(node.type) && /^system\./i.test(node.name)) return true;
  return node.children.some(mentionsSystemTables);
}

/** A name without a database is one of the project's, or of a WITH. */
export function isReadableTable(name: string, { databases }: ReadableTables): boolean {
  if (SYSTEM_TABLES.has(name)) return true;
  const parts = name.split('.');
  return parts.length === 1 || (parts.length === 2 && databases.includes(parts[0] ?? ''));
}

function refusedTable(name: string, { databases }: ReadableTables) {
  const ofServer = /^(?:system|information_schema)\./i.test(name);
  return denied(
    `The table ${name} is not the project's. Tables of ${databases.join(', ')} can be read; SHOW TABLES lists them.` +
      (ofServer ? ` Of the server's own tables: ${[...SYSTEM_TABLES].join(', ')}.` : ''),
  );
}
