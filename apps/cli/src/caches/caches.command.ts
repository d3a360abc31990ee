import type { Answer, Command, Host, Invocation, OptionSpecs } from '../command/command.js';
import { moment } from '../command/moment.js';
import { Server, SERVER_OPTIONS } from '../http/server.js';
import { readControl } from './control.js';
import { tierFigures } from './figures.js';
import { renderCaches } from './render-caches.js';
import { nothingOf } from './nothing-of.js';
import { cacheViews } from './view.js';
import { WATCH_OPTIONS, watched, type Look } from './watch.js';

export const CACHES_OPTIONS = {
  ...SERVER_OPTIONS,
  service: { type: 'string', placeholder: 'NAME', help: 'Only caches of one service.' },
  since: {
    type: 'string',
    placeholder: 'TIME',
    help: 'Figures from then on: 15m (ago) or 2026-11-24T10:00:00Z.',
    fallback: '15m',
  },
  ...WATCH_OPTIONS,
} as const satisfies OptionSpecs;

export const cachesCommand: Command = {
  name: 'caches',
  summary: 'Show all caches: requests, hits, what they hold and may hold, what left them, and their settings.',
  description:
    'A line for each tier. Figures are of the database, settings and connections of the control channel. ' +
    'With keys, the key needs the scope read.',
  arguments: [],
  options: CACHES_OPTIONS,
  examples: ['caches', 'caches --service reader --since 1h', 'caches --watch', 'caches --json'],
  run: caches,
};

async function caches(invocation: Invocation, host: Host): Promise<Answer> {
  const server = new Server(invocation, host);
  const service = invocation.text('service');
  const look = async (): Promise<Look> => {
    const now = host.clock.now();
    const since = moment(invocation, 'since', now)!;
    const figures = await tierFigures(server, { since, now, service });
    const control = await readControl(server, [...new Set(figures.map((one) => one.service))], service);
    const views = cacheViews(figures, control, now);
    if (views.length === 0 && service !== undefined) throw await nothingOf(service, server, since, now);
    return {
      json: { since: new Date(since).toISOString(), caches: views, unknown: control.unknown ?? null },
      text: (columns) => renderCaches(views, control.unknown, columns),
    };
  };
  return watched(invocation, host, look);
}
