import { readCanonical, type CanonicalStatement } from './canonical-statement.js';
import { isAllowedShow } from './check-show.js';
import { checkTree, type ReadableTables } from './check-tree.js';
import { SqlError } from './sql-error.js';
import { readSyntaxTree } from './syntax-tree.js';
import { UpstreamRefusal, type Ask, type Upstream } from './upstream.js';

export interface Asked {
  readonly statement: string;
  readonly database: string;
  /** Without the `param_`. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

/** When to give up, and whose place it takes until ClickHouse is through. */
export type Patience = Pick<Ask, 'signal' | 'turn'>;

/** What the engine may spend on a check. */
const CHECK_SETTINGS = [
  ['readonly', '1'],
  ['max_execution_time', '5'],
  ['max_memory_usage', String(256 * 2 ** 20)],
  ['default_format', 'TSVRaw'],
] as const;

/**
 * Whether a statement only reads what it may: by ClickHouse's own parser, in two steps, neither of which runs it.
 *
 * First the statement goes as a string to `formatQuerySingleLine`, which writes it without comments and with one way to
 * quote. That text, and not what was sent, is then looked at, and is what runs. Second, `EXPLAIN AST` of that text, its
 * parameters filled in, tells every table and function of it.
 */
export class StatementCheck {
  constructor(
    private readonly upstream: Upstream,
    private readonly tables: ReadableTables,
  ) {}

  /** @throws SqlError, UpstreamRefusal (a syntax error) */
  async check({ statement, database, parameters }: Asked, patience: Patience): Promise<CanonicalStatement> {
    const canonical = readCanonical(await this.#formatted(statement, patience));
    for (const [name, value] of parameters)
      if (canonical.identifierParameters.includes(name) && !/^\w+(?:\.\w+)*$/.test(value))
        throw new SqlError('BAD_ARGUMENTS', `The parameter ${name} must be a plain name: letters, digits and _.`);
    if (isAllowedShow(canonical.sql, this.tables)) return canonical;
    if (!/^(?:SELECT|WITH|DESCRIBE|EXPLAIN|\()/.test(canonical.sql)) throw onlyQueries();
    const tree = await this.upstream.text({
      sql: `EXPLAIN AST ${canonical.sql}`,
      parameters: [
        ...CHECK_SETTINGS,
        ['database', database],
        ...parameters.map(([name, value]): [string, string] => [`param_${name}`, value]),
      ],
      ...patience,
    });
    checkTree(readSyntaxTree(tree), this.tables);
    return canonical;
  }

  async #formatted(statement: string, patience: Patience): Promise<string> {
    try {
      const sql = `SELECT formatQuerySingleLine(${literal(statement)})`;
      return (await this.upstream.text({ sql, parameters: CHECK_SETTINGS, ...patience })).replace(/\n$/, '');
    } catch (error) {
      if (!(error instanceof UpstreamRefusal)) throw error;
      // The error names our own query as its place.
      const own = error.text.replace(/:?\s*In scope SELECT formatQuerySingleLine\([^]*?\)\.?(?= \([A-Z_]+\))/, '');
      throw new UpstreamRefusal(error.status, error.exceptionCode, own);
    }
  }
}

function onlyQueries(): SqlError {
  return new SqlError('READONLY', 'Only queries are taken here: SELECT, SHOW, DESCRIBE, EXISTS and EXPLAIN.');
}

function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0')}'`;
}
