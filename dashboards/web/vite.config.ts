import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import solid from 'vite-plugin-solid';

const here = fileURLToPath(new URL('.', import.meta.url));

export default defineConfig({
  root: here,
  plugins: [solid()],
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
