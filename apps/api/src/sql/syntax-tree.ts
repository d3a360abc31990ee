import { SqlError } from './sql-error.js';

/** A node of ClickHouse's syntax tree, as `EXPLAIN AST` tells it: `Function count (alias c) (children 1)`. */
export interface SyntaxNode {
  /** The node's type: `Function`, `TableIdentifier` … */
  readonly type: string;
  /** What stands behind the type, without alias and number of children: a name, or a literal. */
  readonly name: string;
  readonly children: SyntaxNode[];
}

const LINE = /^( *)([A-Z][A-Za-z]*(?:::[A-Za-z]+)?)(?:\s(.*))?$/;

/**
 * Reads the lines of `EXPLAIN AST`. The number of children that a line states must be there, so that lines which are not
 * nodes are noticed.
 *
 * @throws SqlError when the text is not a tree. O(length).
 */
export function readSyntaxTree(text: string): SyntaxNode {
  const path: { readonly node: SyntaxNode; readonly stated: number }[] = [];
  let root: SyntaxNode | undefined;
  const close = (depth: number) => {
    while (path.length > depth) {
      const { node, stated } = path.pop()!;
      if (node.children.length !== stated) throw broken();
    }
  };
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, indent = '', type = '', rest = ''] = LINE.exec(line) ?? [];
    if (type === '' || indent.length > path.length || (indent.length === 0 && root !== undefined)) throw broken();
    close(indent.length);
    const children = /(?:^|\s)\(children (\d+)\)$/.exec(rest);
    const named = (children === null ? rest : rest.slice(0, children.index)).trimStart();
    const alias = named.indexOf('(alias ');
    const node: SyntaxNode = {
      type,
      name: type === 'Literal' ? '' : (alias < 0 ? named : named.slice(0, alias)).trim(),
      children: [],
    };
    path.at(-1)?.node.children.push(node);
    root ??= node;
    path.push({ node, stated: Number(children?.[1] ?? 0) });
  }
  close(0);
  if (root === undefined) throw broken();
  return root;
}

function broken(): SqlError {
  return new SqlError(
    'UNEXPECTED_AST_STRUCTURE',
    'The syntax tree of this statement cannot be read, so it is not run.',
  );
}
