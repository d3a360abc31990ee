import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..', '..', '..', '..');
const manifest = createRequire(import.meta.url)(join(root, 'package.json')) as {
  readonly imports: Readonly<Record<string, { readonly source: string }>>;
};
const DOOR = join(import.meta.dirname, '..', 'browser', 'index.ts');

/**
 * The browser door, whole, as Vite bundles it into a page: one minified ES module. Or a module of doors, of which it is
 * given the text.
 */
export async function browserBundle(doors?: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'bundle-'));
  try {
    const entry = doors === undefined ? DOOR : join(directory, 'doors.ts');
    if (doors !== undefined) await writeFile(entry, doors.replace(/#libs\/[a-z/]+/g, sourceOf));
    const config = join(directory, 'vite.config.mjs');
    const out = join(directory, 'out');
    await writeFile(
      config,
      `export default {
        root: ${JSON.stringify(root)}, configFile: false, logLevel: 'warn',
        resolve: { conditions: ['source', 'module', 'browser', 'production'] },
        build: {
          outDir: ${JSON.stringify(out)}, emptyOutDir: true, target: 'es2022', modulePreload: false,
          // Not \`lib\`: Vite leaves the blanks in an ES library, for those who bundle it to take out.
          rollupOptions: {
            input: ${JSON.stringify(entry)}, preserveEntrySignatures: 'strict',
            output: { format: 'es', entryFileNames: 'telemetry.js', inlineDynamicImports: true },
          },
        },
      };`,
    );
    const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
    await promisify(execFile)(process.execPath, [vite, 'build', '--config', config], {
      cwd: root,
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    const files = await readdir(out);
    if (files.length !== 1) throw new Error(`Vite made ${files.join(', ')} instead of one module.`);
    return await readFile(join(out, files[0]!), 'utf8');
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function sourceOf(door: string): string {
  const { source } = manifest.imports[door]!;
  return join(root, source);
}
