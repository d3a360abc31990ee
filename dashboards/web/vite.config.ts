import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';
import solid from 'vite-plugin-solid';

const here = fileURLToPath(new URL('.', import.meta.url));

/** The runbooks travel with the page, so that an alert leads to its own wherever the page is, also without a network. */
function runbooks(): Plugin {
  const folder = fileURLToPath(new URL('../../docs/runbooks', import.meta.url));
  return {
    name: 'runbooks',
    generateBundle() {
      for (const name of readdirSync(folder))
        this.emitFile({ type: 'asset', fileName: `runbooks/${name}`, source: readFileSync(join(folder, name)) });
    },
  };
}

export default defineConfig({
  root: here,
  plugins: [solid(), runbooks()],
  resolve: { conditions: ['source', 'module', 'browser', 'development|production'] },
  build: {
    outDir: fileURLToPath(new URL('../../dist/dashboards/web', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    // The page's policy allows no inline script, style or data address.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
});
