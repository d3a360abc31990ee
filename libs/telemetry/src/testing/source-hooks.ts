import { pathToFileURL } from 'node:url';

/**
 * A module for `node --import` that lets a program run from the TypeScript sources, with Node's own removal of types:
 * it finds `x.ts` where `./x.js` is asked for, and the given doors wherever the program lies.
 */
export function sourceHooks(doors: Readonly<Record<string, string>> = {}): string {
  const urls = Object.fromEntries(Object.entries(doors).map(([door, path]) => [door, pathToFileURL(path).href]));
  return `
    import { existsSync } from 'node:fs';
    import { registerHooks } from 'node:module';
    const doors = ${JSON.stringify(urls)};
    registerHooks({
      resolve(specifier, context, next) {
        if (Object.hasOwn(doors, specifier)) return next(doors[specifier], context);
        if (specifier.startsWith('.') && specifier.endsWith('.js')) {
          const source = new URL(specifier.replace(/\\.js$/, '.ts'), context.parentURL);
          if (existsSync(source)) return next(source.href, context);
        }
        return next(specifier, context);
      },
    });
  `;
}
