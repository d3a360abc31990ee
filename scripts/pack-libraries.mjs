// Makes packages that `npm install` takes out of libs that others use, each with the libs below it: @allibrary/telemetry
// and @allibrary/cache. What a lib imports from npm is an optional peer of its package, for the door that needs it. The
// path of each tarball is a line of its own.
//
//   npm run --silent pack                 all of them, into dist/packages
//   npm run --silent pack -- cache DIR    one of them, into DIR
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import ts from 'typescript';
import { build } from 'vite';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const project = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const PACKAGES = {
  telemetry: {
    description: 'Exact counts of what caches and loads do, brought to a collector, from Node and from browsers',
    // Its kit is a collector, for the tests of this repository.
    without: ['testing'],
  },
  cache: {
    description:
      'A cache in tiers: memory with policies that may change while it runs, disk and Redis; it protects its origin',
    // Invalidations over this repository's event log, and what it needs: brokers.
    without: ['event-log'],
    guide: 'docs/caching.md',
  },
};
/** A link to what is in this repository alone. */
const AWAY = '\\[[^\\]]+\\]\\((?!README\\.md|GUIDE\\.md|types/|#|https?:)[^)]*\\)';
/** What comes from npm and is bundled all the same: the contracts' schemas, of which next to nothing is used, and what decorators are compiled to. */
const BUNDLED = /^(typebox|@oxc-project\/runtime)(\/|$)/;

// npm runs scripts in the project's folder; INIT_CWD is where the user stands.
const here = /^pack(:|$)/.test(process.env.npm_lifecycle_event ?? '') ? process.env.INIT_CWD : process.cwd();
const args = process.argv.slice(2);
const libs = Object.hasOwn(PACKAGES, args[0]) ? [args.shift()] : Object.keys(PACKAGES);
const destination = resolve(here, args[0] ?? join(root, 'dist', 'packages'));
for (const lib of libs) {
  const scratch = mkdtempSync(join(tmpdir(), 'alperf-pack-'));
  const folder = join(scratch, 'package');
  const doors = doorsOf(lib);
  try {
    const peers = await bundle(doors, folder);
    declare(doors, folder);
    await describe(lib, doors, peers, folder);
    mkdirSync(destination, { recursive: true });
    console.log(join(destination, pack(folder)));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The source of each door that package.json lists, by its name in the package; the first door is `index`. */
function doorsOf(lib) {
  const doors = {};
  for (const [door, { source }] of Object.entries(project.imports)) {
    const [, name = 'index'] = new RegExp(`^#libs/${lib}(?:/(.+))?$`).exec(door) ?? [undefined, ''];
    if (name !== '' && !PACKAGES[lib].without.includes(name)) doors[name] = source.replace('./', '');
  }
  return doors;
}

/**
 * One module for each door, and one for what they share: an instance made by one door is one of the other's classes.
 * @returns the packages that are left to be imported.
 */
async function bundle(doors, folder) {
  const built = await build({
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
        entry: Object.fromEntries(Object.entries(doors).map(([door, path]) => [door, join(root, path)])),
        formats: ['es'],
      },
      rolldownOptions: {
        external: (id) => /^(node:|@?[a-z])/.test(id) && !BUNDLED.test(id),
        // Modules of which nothing is used are left out, with the schemas that they would build.
        treeshake: { moduleSideEffects: false },
        output: { entryFileNames: '[name].js', chunkFileNames: 'shared-[hash].js' },
      },
    },
  });
  const chunks = [built].flat().flatMap(({ output }) => output.filter(({ type }) => type === 'chunk'));
  const own = new Set(chunks.map(({ fileName }) => fileName));
  const imported = chunks.flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports]);
  const packages = imported.filter((id) => !own.has(id) && !id.startsWith('node:'));
  return [...new Set(packages.map((id) => /^(@[^/]+\/)?[^/]+/.exec(id)[0]))].sort();
}

/** Declarations of the doors and of all they reach. Those of the contracts come from schemas: they are written out. */
function declare(doors, folder) {
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config;
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const paths = Object.values(doors).map((path) => join(root, path));
  const types = join(folder, 'types');
  const program = ts.createProgram(paths, {
    ...options,
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    sourceMap: false,
    outDir: types,
  });
  const emitted = new Map();
  const { diagnostics } = program.emit(undefined, (path, text) => emitted.set(path, text));
  const faults = [...diagnostics, ...program.getSemanticDiagnostics()];
  if (faults.length > 0) throw new Error(ts.formatDiagnostics(faults, ts.createCompilerHost(options)));
  const contracts = join(types, 'libs', 'contracts', 'src', 'index.d.ts');
  const wanted = new Set();
  const needed = new Set(Object.values(doors).map((path) => join(types, declarationFile(path))));
  // A set that grows while it is walked is walked to its end.
  for (const path of needed) {
    const text = emitted.get(path);
    const told = text.replace(/(['"])((?:#libs|\.\.?)\/[^'"]+)\1/g, (quoted, _, id) => {
      const target = id.startsWith('#') ? join(types, project.imports[id].source) : resolve(dirname(path), id);
      const file = declarationFile(target);
      if (file === contracts) for (const name of namesFrom(text, id)) wanted.add(name);
      else if (emitted.has(file)) needed.add(file);
      else return quoted;
      const way = relative(dirname(path), file.replace(/\.d\.ts$/, '.js'));
      return `'${way.startsWith('.') ? way : `./${way}`}'`;
    });
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, told);
  }
  mkdirSync(dirname(contracts), { recursive: true });
  writeFileSync(contracts, contractTypes(program, wanted));
}

function declarationFile(path) {
  return path.replace(/\.[jt]s$/, '.d.ts');
}

/** What a module's declarations take from another one. */
function namesFrom(text, id) {
  const listed = [...text.matchAll(new RegExp(`(?:import|export) (?:type )?\\{([^}]+)\\} from ['"]${id}['"]`, 'g'))];
  const inline = [...text.matchAll(new RegExp(`import\\(['"]${id}['"]\\)\\.(\\w+)`, 'g'))];
  return [
    ...listed.flatMap(([, names]) => names.split(',').map((name) => /^\s*(?:type\s+)?(\w+)/.exec(name)?.[1])),
    ...inline.map(([, name]) => name),
  ].filter((name) => name !== undefined);
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
      real.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface)
        ? declarationOf(program, real)
        : `export type ${name} = ${checker.typeToString(checker.getDeclaredTypeOfSymbol(real), undefined, flags)};`;
    for (const [word] of text.matchAll(/\b[A-Z]\w*\b/g)) if (exported.has(word)) names.add(word);
    written.push(text);
  }
  return `${written.join('\n')}\n`;
}

/** What the compiler itself declares a class or an interface to be. */
function declarationOf(program, symbol) {
  const [{ parent: file }] = symbol.declarations;
  let text;
  program.emit(file, (_, emitted) => (text = emitted), undefined, true);
  const found = new RegExp(
    `export (?:declare )?(?:abstract )?(?:class|interface) ${symbol.name}\\b[^{]*\\{(?:[\\s\\S]*?\\n)?\\}`,
  ).exec(text);
  return found[0];
}

async function describe(lib, doors, peers, folder) {
  const { version, license, dependencies } = project;
  const manifest = {
    name: `@allibrary/${lib}`,
    version,
    description: PACKAGES[lib].description,
    license,
    type: 'module',
    sideEffects: false,
    // What it is tested with: the Node that the project brings.
    engines: { node: `>=${dependencies.node.split('.')[0]}` },
    exports: Object.fromEntries(
      Object.entries(doors).map(([door, path]) => [
        door === 'index' ? '.' : `./${door}`,
        { types: `./types/${declarationFile(path)}`, default: `./${door}.js` },
      ]),
    ),
    ...(peers.length > 0 && {
      peerDependencies: Object.fromEntries(peers.map((peer) => [peer, `^${versionOf(peer)}`])),
      peerDependenciesMeta: Object.fromEntries(peers.map((peer) => [peer, { optional: true }])),
    }),
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  const readme = `libs/${lib}/README.md`;
  const { guide } = PACKAGES[lib];
  const packed = { [readme]: 'README.md', ...(guide !== undefined && { [guide]: 'GUIDE.md' }) };
  for (const [path, name] of Object.entries(packed)) {
    const text = linked(readFileSync(join(root, path), 'utf8'), path, packed, folder);
    // The names of the doors are longer here: tables are set anew.
    const options = await resolveConfig(join(root, path));
    writeFileSync(join(folder, name), await format(packageText(lib, doors, text), { ...options, parser: 'markdown' }));
  }
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
}

function versionOf(peer) {
  const version = project.dependencies[peer] ?? project.devDependencies[peer];
  if (version === undefined) throw new Error(`What is packed imports ${peer}, which package.json does not list.`);
  return version;
}

/** A text with links to what is packed: other texts, and declarations in the place of sources. The others stay. */
function linked(text, path, packed, folder) {
  return text.replace(/\]\(([^)#\s:]+)\)/g, (link, target) => {
    const file = posix.join(posix.dirname(path), target);
    const declared = `types/${declarationFile(file)}`;
    const there = packed[file] ?? (file.endsWith('.ts') && existsSync(join(folder, declared)) ? declared : undefined);
    return there === undefined ? link : `](${there})`;
  });
}

/** The lib's own README or guide, without what only this repository has, by the names that the package has. */
function packageText(lib, doors, text) {
  return (doors.testing === undefined ? text.replace(/^- \*\*Testing\*\*:.*\n/m, '') : text)
    .replace(/^In this repository: (?:.+\n)+\n/m, '')
    .replaceAll(`#libs/${lib}`, `@allibrary/${lib}`)
    .replace(new RegExp(`\\s+\\((?:\`(?:docs/|npm run )[^\`]*\`|${AWAY})\\)`, 'g'), '')
    .replace(new RegExp(`^${AWAY}\\.\\n\\n?`, 'gm'), '')
    .replace(new RegExp(`${AWAY}[;,]\\s`, 'g'), '')
    .replace(new RegExp(AWAY, 'g'), (link) => /^\[([^\]]+)\]/.exec(link)[1])
    .replace(/\n## (?:The package|What it replaces in .*)\n[\s\S]*?(?=\n## |$)/, '\n');
}

function pack(folder) {
  const { status, stdout, stderr } = spawnSync(
    process.platform === 'win32' ? 'npm.cmd' : 'npm',
    ['pack', '--json', '--pack-destination', destination],
    { cwd: folder, encoding: 'utf8', shell: process.platform === 'win32' },
  );
  if (status !== 0) throw new Error(`npm pack ended with ${status}: ${stderr}`);
  const [{ filename }] = JSON.parse(stdout);
  return filename;
}
