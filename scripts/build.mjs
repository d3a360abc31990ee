// Builds everything into dist/: TypeScript by swc, SQL and other assets by copying, the page by Vite.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = join(root, 'node_modules', '.bin');
const node = existsSync(join(bin, 'node')) ? join(bin, 'node') : process.execPath;
const sources = ['apps', 'libs', 'bench', 'test'].filter((name) => existsSync(join(root, name)));

rmSync(join(root, 'dist', '.built'), { force: true });
run([
  '@swc/cli/bin/swc.js',
  ...sources,
  '--out-dir',
  'dist',
  '--config-file',
  '.swcrc',
  '--delete-dir-on-start',
  '--quiet',
]);
for (const name of sources) copyAssets(name);
if (existsSync(join(root, 'dashboards', 'web', 'vite.config.ts')))
  run(['vite/bin/vite.js', 'build', '--config', 'dashboards/web/vite.config.ts', '--logLevel', 'warn']);
mkdirSync(join(root, 'dist'), { recursive: true });
writeFileSync(join(root, 'dist', '.built'), new Date().toISOString());

function copyAssets(name) {
  cpSync(join(root, name), join(root, 'dist', name), {
    recursive: true,
    filter: (path) => !/\.(ts|tsx|md)$/.test(path) && !path.includes('node_modules'),
  });
}

function run([script, ...args]) {
  const result = spawnSync(node, [join(root, 'node_modules', script), ...args], { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) process.exit(result.status ?? 1);
}
