import { CacheAccess } from './cache-access.js';
import { CacheChange } from './cache-change.js';
import { CacheWindow } from './cache-window.js';
import { LoadFinished, LoadStalled } from './load.js';
import { Metric } from './metric.js';

/** Every kind of event with its schema: the one list that validation, types, OpenAPI and row mapping start from. */
export const EVENT_SCHEMAS = {
  'cache.window': CacheWindow,
  'cache.access': CacheAccess,
  'cache.change': CacheChange,
  'load.finished': LoadFinished,
  'load.stalled': LoadStalled,
  metric: Metric,
} as const;

export type EventKind = keyof typeof EVENT_SCHEMAS;
export type Event = CacheWindow | CacheAccess | CacheChange | LoadFinished | LoadStalled | Metric;
export type EventOf<Kind extends EventKind> = Extract<Event, { kind: Kind }>;

export const EVENT_KINDS = Object.keys(EVENT_SCHEMAS) as readonly EventKind[];

/** The moment an event stands for: the end of its window, or its point in time. Milliseconds since 1970. */
export function eventTime(event: Event): number {
  return event.kind === 'cache.window' ? event.end : event.time;
}
