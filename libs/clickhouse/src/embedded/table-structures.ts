import { EngineError } from './engine-error.js';
import type { Run } from './sessions.js';
import type { InsertHead } from './statement.js';

export interface TableColumn {
  readonly name: string;
  /** With the default, if it has one, as a declaration has it: `UInt8 DEFAULT 1`. */
  readonly type: string;
}

interface Described {
  readonly name: string;
  readonly type: string;
  readonly default_type: string;
  readonly default_expression: string;
}

/** Tables beyond this are described again at each insert. */
const REMEMBERED = 1_000;

/** The columns of tables that can be written, remembered until a statement may have changed one. */
export class TableStructures {
  readonly #known = new Map<string, readonly TableColumn[]>();
  #generation = 0;

  /** Call before and after any statement that is neither a read nor an insert. */
  forget(): void {
    this.#generation++;
    this.#known.clear();
  }

  /** The columns that the data of an insert has: those it names, in that order, or all that can be written. */
  async columnsOf(run: Run, database: string | undefined, head: InsertHead): Promise<readonly TableColumn[]> {
    const all = await this.#describe(run, database, head.table);
    const list = head.columns?.trim() ?? '';
    if (list === '' || list === '*') return all;
    const except = /^\*\s*EXCEPT\s*\(?(.*?)\)?$/is.exec(list)?.[1];
    const named = splitNames(except ?? list);
    if (except !== undefined) return all.filter(({ name }) => !named.includes(name));
    return named.map((name) => {
      const column = all.find((one) => one.name === name);
      if (column !== undefined) return column;
      throw new EngineError(16, 'NO_SUCH_COLUMN_IN_TABLE', `No such column ${name} in table ${head.table}`);
    });
  }

  async #describe(run: Run, database: string | undefined, table: string): Promise<readonly TableColumn[]> {
    const key = `${database ?? ''}\n${table}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const generation = this.#generation;
    const described = await run(`DESCRIBE TABLE ${table}`, 'JSONEachRow');
    const columns = described.bytes
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Described)
      .filter(({ default_type }) => !['MATERIALIZED', 'ALIAS', 'EPHEMERAL'].includes(default_type))
      .map(({ name, type, default_type, default_expression }) => ({
        name,
        type: default_type === '' ? type : `${type} ${default_type} ${default_expression}`,
      }));
    // A statement that changes tables may have run meanwhile.
    if (generation === this.#generation && this.#known.size < REMEMBERED) this.#known.set(key, columns);
    return columns;
  }
}

/** `a, "b", \`c,d\`` → a, b, c,d */
function splitNames(list: string): string[] {
  return [...list.matchAll(/`((?:[^`\\]|\\.)*)`|"((?:[^"\\]|\\.)*)"|([^\s,`"]+)/g)].map(
    ([, backticked, quoted, bare]) => bare ?? (backticked ?? quoted ?? '').replaceAll(/\\(.)/g, '$1'),
  );
}
