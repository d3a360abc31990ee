import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import ts from 'typescript';

export interface Import {
  readonly from: string;
  readonly specifier: string;
  /** The file of this repository it leads to, with `/` between folders; undefined for packages. */
  readonly file: string | undefined;
  readonly line: number;
}

/** Every TypeScript file below the given folders, relative to the root. */
export function sourceFiles(root: string, folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.parentPath.includes('node_modules'))
      .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/')),
  );
}

/** The imports and re-exports of one file, static and dynamic with a literal. */
export function importsOf(root: string, file: string, doors: Readonly<Record<string, string>>): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: Import[] = [];
  const add = (literal: ts.Node) => {
    if (!ts.isStringLiteral(literal)) return;
    const specifier = literal.text;
    const line = source.getLineAndCharacterOfPosition(literal.getStart()).line + 1;
    found.push({ from: file, specifier, file: resolve(file, specifier, doors), line });
  };
  const visit = (node: ts.Node) => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier)
      add(node.moduleSpecifier);
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword && node.arguments[0])
      add(node.arguments[0]);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function resolve(from: string, specifier: string, doors: Readonly<Record<string, string>>): string | undefined {
  if (specifier.startsWith('#')) return doors[specifier];
  if (specifier.startsWith('.')) return posix.normalize(posix.join(dirname(from), specifier.replace(/\.js$/, '.ts')));
  return undefined;
}
