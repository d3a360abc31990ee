import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkTree } from './check-tree.js';
import { SqlError } from './sql-error.js';
import { readSyntaxTree, type SyntaxNode } from './syntax-tree.js';

const tables = { databases: ['alperf'] };
const TREE = `SelectWithUnionQuery (children 1)
 ExpressionList (children 1)
  SelectQuery (children 2)
   ExpressionList (children 1)
    Function count (alias n) (children 1)
     ExpressionList (children 1)
      Asterisk
   TablesInSelectQuery (children 1)
    TablesInSelectQueryElement (children 1)
     TableExpression (children 1)
      TableIdentifier alperf.windows (alias w)
`;

describe('A syntax tree', () => {
  it('is read from the lines of EXPLAIN AST', () => {
    const select = readSyntaxTree(TREE).children[0]?.children[0];
    expect(select?.children[0]?.children[0]).toMatchObject({ type: 'Function', name: 'count' });
    expect(() => checkTree(readSyntaxTree(TREE), tables)).not.toThrow();
  });

  it.each([
    ['a line that nobody stated', TREE.replace('      Asterisk\n', '      Asterisk\n      Identifier x\n')],
    ['a node that is missing', TREE.replace('      Asterisk\n', '')],
    ['a step too deep', TREE.replace('      Asterisk', '        Asterisk')],
    ['a second root', `${TREE}Literal 1\n`],
    ['no node', ''],
    ['a graph', 'digraph {\n}\n'],
  ])('is refused with %s', (_, text) => {
    expect(() => readSyntaxTree(text)).toThrow(SqlError);
  });

  it('is the one that was written', () => {
    const type = fc.constantFrom('Function', 'Identifier', 'TableExpression');
    const name = fc.stringMatching(/^[a-z.]{0,8}$/);
    const { node } = fc.letrec<{ node: SyntaxNode }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 5 },
        fc.record({ type, name, children: fc.constant<SyntaxNode[]>([]) }),
        fc.record({ type, name, children: fc.array(tie('node'), { maxLength: 3 }) }),
      ),
    }));
    const write = ({ type, name, children }: SyntaxNode, depth: number): string =>
      `${' '.repeat(depth)}${type}${name === '' ? '' : ` ${name}`}${children.length === 0 ? '' : ` (children ${children.length})`}\n` +
      children.map((child) => write(child, depth + 1)).join('');
    fc.assert(fc.property(node, (root) => expect(readSyntaxTree(write(root, 0))).toEqual(root)));
  });

  it('is refused for every kind of node, table and function that is on no list', () => {
    for (const [from, to] of [
      ['Asterisk', 'ColumnsApplyTransformer'],
      ['Asterisk', 'SomethingNew'],
      ['alperf.windows', 'other.windows'],
      ['alperf.windows', 'system.query_log'],
      ['Function count', 'Function file'],
      ['Function count', 'Function brandNewFunction'],
      ['TableIdentifier alperf.windows (alias w)', 'Function url'],
    ] as const)
      expect(() => checkTree(readSyntaxTree(TREE.replace(from, to)), tables)).toThrow(SqlError);
  });
});
