import type { Cache, createCache, memory } from '#libs/cache';
import type { remoteControl } from '#libs/telemetry';
import type { createTelemetry } from '#libs/telemetry/browser';

/** What a page with a cache that is controlled holds on its window. */
export interface ControlledPage {
  readonly createCache: typeof createCache;
  readonly memory: typeof memory;
  readonly remoteControl: typeof remoteControl;
  readonly createTelemetry: typeof createTelemetry;
  telemetry: ReturnType<typeof createTelemetry>;
  pages: Cache<string, string>;
  readonly problems: string[];
}

/** The doors that such a page loads, as one module. */
export const DOORS = `
  export { createCache, memory } from '#libs/cache';
  export { remoteControl } from '#libs/telemetry';
  export { createTelemetry } from '#libs/telemetry/browser';
`;

/** It says that it is ready by its title. */
export const CONTROLLED_HTML = `<!doctype html><meta charset="utf-8"><title>A page that is controlled</title>
<script type="module">
  import * as doors from '/telemetry.js';
  Object.assign(window, doors, { problems: [] });
  document.title = 'Ready';
</script>`;
