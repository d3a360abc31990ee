/** The layer of each lib, app and door, and what it may import: docs/architecture.md, *Layers*. */
export type Layer = 'base' | 'domain' | 'adapters' | 'apps' | 'roots';

const BASE = ['contracts', 'time', 'histogram', 'sampling', 'cache-policies'];
const DOMAIN = ['telemetry', 'cache', 'loading', 'metrics', 'promql', 'alerting', 'tuning'];

/** Second doors of domain libs are adapters. */
const ADAPTER_DOORS =
  /^libs\/(telemetry|cache|loading)\/src\/(node|browser|disk|redis|event-log|nest|solid|elements)\//;

/** Roots may import everything, other apps too. */
const ROOTS = /^(apps\/standalone|test|bench)\//;

/** An app's settings, as data; those of all apps meet in `alperf config`. */
export const SETTINGS_DOOR = /^apps\/[^/]+\/src\/config\.ts$/;

export function layerOf(file: string): Layer {
  if (ROOTS.test(file)) return 'roots';
  if (file.startsWith('apps/')) return 'apps';
  const lib = /^libs\/([^/]+)\//.exec(file)?.[1] ?? '';
  if (BASE.includes(lib)) return 'base';
  if (ADAPTER_DOORS.test(file)) return 'adapters';
  return DOMAIN.includes(lib) ? 'domain' : 'adapters';
}

const MAY_IMPORT: Readonly<Record<Layer, readonly Layer[]>> = {
  base: ['base'],
  domain: ['base'],
  adapters: ['base', 'domain', 'adapters'],
  apps: ['base', 'domain', 'adapters'],
  roots: ['base', 'domain', 'adapters', 'apps', 'roots'],
};

/** Packages and built-ins that a pure layer may use. */
const PURE_PACKAGES = ['typebox', 'typebox/compile', '@lezer/common', '@prometheus-io/lezer-promql', 're2js'];

/** Says why `from` may not import `to` (a path of this repository, or a package), or returns undefined. */
export function violation(from: string, to: { file: string } | { packageName: string }): string | undefined {
  const layer = layerOf(from);
  if ('packageName' in to) {
    const pure = layer === 'base' || layer === 'domain';
    if (pure && !isTestCode(from) && !PURE_PACKAGES.includes(to.packageName))
      return `${layer} is pure: it may not import ${to.packageName}`;
    return undefined;
  }
  const target = layerOf(to.file);
  if (from.startsWith('apps/cli/') && SETTINGS_DOOR.test(to.file)) return undefined;
  if (room(from) === room(to.file) && target !== 'adapters') return undefined;
  if (room(from) === room(to.file) && layer === target) return undefined;
  if (isTestCode(from))
    return layer !== 'roots' && target === 'apps' && room(from) !== room(to.file)
      ? 'only standalone, test and bench import an app'
      : undefined;
  if (!MAY_IMPORT[layer].includes(target)) return `${layer} may not import ${target}`;
  return undefined;
}

export function isTestCode(file: string): boolean {
  return /\.spec\.ts$|\/testing\//.test(file) || file.startsWith('test/');
}

/** `libs/time`, `apps/api` or `bench`: relative paths stay inside. */
export function room(file: string): string {
  if (file.startsWith('bench/')) return 'bench';
  return file.split('/').slice(0, 2).join('/');
}
