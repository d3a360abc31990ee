import type { Answer, Command, Host, Invocation } from '../command/command.js';
import { moment } from '../command/moment.js';
import { wholeNumber } from '../command/values.js';
import { Server } from '../http/server.js';
import { CACHES_OPTIONS } from './caches.command.js';
import { chosen } from './chosen.js';
import { readControl } from './control.js';
import { changesOf } from './changes.js';
import { tierDetails } from './details.js';
import { tierFigures } from './figures.js';
import { nothingOf } from './nothing-of.js';
import { renderCache } from './render-cache.js';
import { cacheViews, settingsOf } from './view.js';
import { watched, type Look } from './watch.js';

export const cacheCommand: Command = {
  name: 'cache',
  summary: 'Show one cache: counts of each tier, times, sizes, settings in force and desired, and its changes.',
  description:
    'Counts and times are of --since until now; the changes of 30 days. With keys, the key needs the scope read. ' +
    'What can be done with it: `cache NAME resize`, `clear`, `invalidate`, `policy`, `ttl`, `pause`, `resume`.',
  arguments: [{ name: 'NAME', help: 'The cache: pages, or with its service reader/pages.' }],
  options: {
    ...CACHES_OPTIONS,
    service: { type: 'string', placeholder: 'NAME', help: 'Its service, where several have a cache of this name.' },
    changes: { type: 'string', placeholder: 'N', help: 'Most changes that are shown.', fallback: '10' },
  },
  examples: ['cache pages', 'cache reader/pages --since 6h', 'cache pages --watch', 'cache pages --json'],
  run: cache,
};

/** Changes are few, and the one that matters may be old, ms. */
const CHANGES_MS = 30 * 86_400_000;

async function cache(invocation: Invocation, host: Host): Promise<Answer> {
  const limit = wholeNumber(invocation, 'changes', { min: 0, max: 10_000 })!;
  const server = new Server(invocation, host);
  const only = invocation.text('service');
  const look = async (): Promise<Look> => {
    const now = host.clock.now();
    const since = moment(invocation, 'since', now)!;
    const figures = await tierFigures(server, { since, now, service: only });
    const services = [...new Set(figures.map(({ service }) => service))];
    const control = await readControl(server, services, only);
    const views = cacheViews(figures, control, now);
    if (views.length === 0 && only !== undefined) throw await nothingOf(only, server, since, now);
    const view = chosen(views, invocation.argument('NAME')!);
    const asked = { since, now, service: view.service, cache: view.cache };
    const details = await tierDetails(server, asked);
    const changes = await changesOf(server, { ...asked, since: now - CHANGES_MS }, limit);
    const settings = settingsOf(control.services.get(view.service), view.cache);
    const shown = { ...view, details, settings, changes };
    return {
      json: { since: new Date(since).toISOString(), ...shown, unknown: control.unknown ?? null },
      text: (columns) => renderCache(shown, control.unknown, columns),
    };
  };
  return watched(invocation, host, look);
}
