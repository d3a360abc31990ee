// Makes the package @allibrary/telemetry out of libs/telemetry and the libs below it: one tarball without dependencies
// that `npm install` takes, for Node and for browsers. Its path is the last line that is printed.
//
//   npm run --silent pack:telemetry           into dist/packages
//   npm run --silent pack:telemetry -- DIR    into DIR
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { build } from 'vite';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { version, license, dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const DOORS = { index: 'index.ts', node: 'node/index.ts', browser: 'browser/index.ts' };
const doorFile = (path) => join(root, 'libs', 'telemetry', 'src', path);

// npm runs scripts in the project's folder; INIT_CWD is where the user stands.
const here = process.env.npm_lifecycle_event === 'pack:telemetry' ? process.env.INIT_CWD : process.cwd();
const destination = resolve(here, process.argv[2] ?? join(root, 'dist', 'packages'));
const scratch = mkdtempSync(join(tmpdir(), 'alperf-pack-'));
const folder = join(scratch, 'package');
try {
  await bundle();
  declare();
  describe();
  mkdirSync(destination, { recursive: true });
  console.log(join(destination, pack()));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** One module for each door, and one for what they share: an instance made by one door is one of the other's classes. */
async function bundle() {
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    resolve: { conditions: ['source', 'module'] },
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: 'es2022',
      minify: false,
      sourcemap: true,
      lib: {
        entry: Object.fromEntries(Object.entries(DOORS).map(([door, path]) => [door, doorFile(path)])),
        formats: ['es'],
      },
      rolldownOptions: {
        external: /^node:/,
        // Modules of which nothing is used are left out, with the schemas that they would build.
        treeshake: { moduleSideEffects: false },
        output: { entryFileNames: '[name].js', chunkFileNames: 'shared-[hash].js' },
      },
    },
  });
}

/** Declarations of the doors and of all they reach. Those of the contracts come from schemas: they are written out. */
function declare() {
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config;
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram(Object.values(DOORS).map(doorFile), {
    ...options,
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    sourceMap: false,
    outDir: join(folder, 'types'),
  });
  const contracts = join(folder, 'types', 'libs', 'contracts', 'src');
  const wanted = new Set();
  const { diagnostics } = program.emit(undefined, (path, text) => {
    if (path.startsWith(contracts)) return;
    const told = text.replace(/'#libs\/([^']+)'|"#libs\/([^"]+)"/g, (_, single, double) => {
      const target = join(folder, 'types', 'libs', single ?? double, 'src', 'index.js');
      const way = relative(dirname(path), target);
      return `'${way.startsWith('.') ? way : `./${way}`}'`;
    });
    for (const [, names] of text.matchAll(/import (?:type )?\{([^}]+)\} from ['"]#libs\/contracts['"]/g))
      for (const name of names.split(',')) wanted.add(/^\s*(?:type\s+)?(\w+)/.exec(name)[1]);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, told);
  });
  const faults = [...diagnostics, ...program.getSemanticDiagnostics()];
  if (faults.length > 0) throw new Error(ts.formatDiagnostics(faults, ts.createCompilerHost(options)));
  mkdirSync(contracts, { recursive: true });
  writeFileSync(join(contracts, 'index.d.ts'), contractTypes(program, wanted));
}

/** The contracts' types by name, as the checker knows them, and those that they mention. */
function contractTypes(program, names) {
  const checker = program.getTypeChecker();
  const door = program.getSourceFile(join(root, 'libs', 'contracts', 'src', 'index.ts'));
  const exported = new Map(
    checker.getExportsOfModule(checker.getSymbolAtLocation(door)).map((symbol) => [symbol.name, symbol]),
  );
  const flags = ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.InTypeAlias;
  const written = [];
  // A set that grows while it is walked is walked to its end.
  for (const name of names) {
    const symbol = exported.get(name);
    const real = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const text =
      real.flags & ts.SymbolFlags.Class
        ? declarationOf(program, real)
        : `export type ${name} = ${checker.typeToString(checker.getDeclaredTypeOfSymbol(real), undefined, flags)};`;
    for (const [word] of text.matchAll(/\b[A-Z]\w*\b/g)) if (exported.has(word)) names.add(word);
    written.push(text);
  }
  return `${written.join('\n')}\n`;
}

/** What the compiler itself declares a class to be. */
function declarationOf(program, symbol) {
  const [{ parent: file }] = symbol.declarations;
  let text;
  program.emit(file, (_, emitted) => (text = emitted), undefined, true);
  const found = new RegExp(`export declare (?:abstract )?class ${symbol.name}\\b[\\s\\S]*?\\n\\}`).exec(text);
  return found[0];
}

function describe() {
  const door = (name) => ({
    types: `./types/libs/telemetry/src/${DOORS[name].replace(/\.ts$/, '.d.ts')}`,
    default: `./${name}.js`,
  });
  const manifest = {
    name: '@allibrary/telemetry',
    version,
    description: 'Exact counts of what caches and loads do, brought to a collector, from Node and from browsers',
    license,
    type: 'module',
    sideEffects: false,
    // What it is tested with: the Node that the project brings.
    engines: { node: `>=${dependencies.node.split('.')[0]}` },
    exports: { '.': door('index'), './node': door('node'), './browser': door('browser') },
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  const readme = readFileSync(join(root, 'libs', 'telemetry', 'README.md'), 'utf8');
  writeFileSync(join(folder, 'README.md'), packageReadme(readme));
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
}

/** The lib's own README, without what only this repository has, by the names that the package has. */
function packageReadme(text) {
  return text
    .replace(/^- \*\*Testing\*\*:.*\n/m, '')
    .replaceAll('#libs/telemetry', '@allibrary/telemetry')
    .replace(/\s+\((?:`(?:docs\/|npm run )[^`]*`|\[[^\]]+\]\(\.\.[^)]*\))\)/g, '')
    .replace(/\[[^\]]+\]\(\.\.[^)]*\)[;,]\s/g, '')
    .replace(/\[([^\]]+)\]\(\.\.[^)]*\)/g, '$1')
    .replace(/\n## The package\n[\s\S]*?(?=\n## |$)/, '\n');
}

function pack() {
  const { status, stdout, stderr } = spawnSync(
    process.platform === 'win32' ? 'npm.cmd' : 'npm',
    ['pack', '--json', '--pack-destination', destination],
    { cwd: folder, encoding: 'utf8', shell: process.platform === 'win32' },
  );
  if (status !== 0) throw new Error(`npm pack ended with ${status}: ${stderr}`);
  const [{ filename }] = JSON.parse(stdout);
  return filename;
}
