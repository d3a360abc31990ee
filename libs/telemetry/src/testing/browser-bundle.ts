import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..', '..', '..', '..');
const DOOR = join(import.meta.dirname, '..', 'browser', 'index.ts');

/** The browser door, whole, as Vite bundles it into a page: one minified ES module. */
export async function browserBundle(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'bundle-'));
  try {
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
            input: ${JSON.stringify(DOOR)}, preserveEntrySignatures: 'strict',
            output: { format: 'es', entryFileNames: 'telemetry.js' },
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
