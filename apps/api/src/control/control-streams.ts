import type { ControlAuthor, ControlHello, ControlState } from '#libs/contracts';
import type { Clock, Timer } from '#libs/time';
import { formatEvent, HEARTBEAT, type EventStream } from '../live/event-stream.js';
import type { ControlWatch } from './control-watch.js';
import { desiredOf, emptyDocument, lastChanges, lastOffOf, type Snapshot } from './documents.js';
import { isFor, type Recipient } from './recipients.js';

export interface ControlStreamsOptions {
  readonly clock: Clock;
  readonly watch: ControlWatch;
  /** Default 4,000. */
  readonly maxListeners?: number;
  /** Default 15,000 ms. */
  readonly heartbeatMs?: number;
}

/** Who listens. */
export interface ListenerIdentity extends Recipient {
  readonly service: string;
}

interface Listener extends ListenerIdentity {
  readonly stream: EventStream;
  /** Revision of what was sent last; -1 when nothing was. */
  cursor: number;
  /** It had unread bytes at the last heartbeat, and has read nothing since. */
  stuck: boolean;
}

/** Unread bytes at which nothing more is written until the client has read. */
const HIGH_WATER_BYTES = 65_536;

/** Who changed what nobody ever did. */
export const NOBODY: ControlAuthor = { role: 'operator', key: 'local' };

/**
 * The instances that listen. What each gets next is worked out from the present state and the revision that it got last,
 * so that nothing queues up here: a client that reads slowly gets the latest, one that does not read is cut off, one that
 * comes back with Last-Event-ID gets what it lacks. Events of one stream have rising revisions.
 */
export class ControlStreams {
  readonly #listeners = new Set<Listener>();
  #heartbeat: Timer | undefined;
  /** Cut off because they did not read. */
  cutOff = 0;
  #closed = false;
  #changed: () => void = () => undefined;

  constructor(private readonly options: ControlStreamsOptions) {
    options.watch.onChange((snapshot) => {
      for (const listener of this.#listeners) this.#pump(listener, snapshot);
    });
  }

  get size(): number {
    return this.#listeners.size;
  }

  /** Whether it is over: nobody may listen any more. */
  get closed(): boolean {
    return this.#closed;
  }

  get full(): boolean {
    return this.#listeners.size >= (this.options.maxListeners ?? 4_000);
  }

  /** Called whenever somebody came or went. */
  onChange(callback: () => void): void {
    this.#changed = callback;
  }

  has({ service, instance }: Omit<ListenerIdentity, 'started'>): boolean {
    for (const one of this.#listeners) if (one.instance === instance && one.service === service) return true;
    return false;
  }

  connected(): ListenerIdentity[] {
    return [...this.#listeners].map(({ service, instance, started }) => ({ service, instance, started }));
  }

  /** @param after revision of the last event that the client has taken in. */
  add(stream: EventStream, who: ListenerIdentity, after: number | undefined): void {
    const { clock, watch, heartbeatMs = 15_000 } = this.options;
    const snapshot = watch.snapshot;
    // Of the future: it comes from a state that is no more. Then all of the present one is new.
    const cursor = after === undefined || snapshot === undefined || after > snapshot.revision ? -1 : after;
    const listener: Listener = { ...who, stream, cursor, stuck: false };
    this.#listeners.add(listener);
    stream.onClosed(() => {
      if (!this.#listeners.delete(listener)) return;
      if (this.#listeners.size === 0) this.#heartbeat?.cancel();
      this.#changed();
    });
    stream.onDrained(() => {
      listener.stuck = false;
      if (watch.snapshot !== undefined) this.#pump(listener, watch.snapshot);
    });
    const hello: ControlHello = { now: clock.now(), heartbeatMs };
    stream.send(`event: hello\ndata: ${JSON.stringify(hello)}\n\n`);
    if (snapshot !== undefined) this.#pump(listener, snapshot);
    if (this.#listeners.size === 1) this.#beat();
    this.#changed();
  }

  closeAll(): void {
    this.#closed = true;
    for (const { stream } of this.#listeners) stream.close();
    this.#listeners.clear();
    this.#heartbeat?.cancel();
  }

  #pump(listener: Listener, snapshot: Snapshot): void {
    const { stream } = listener;
    while (!stream.closed && stream.unread <= HIGH_WATER_BYTES) {
      const next = nextEvent(listener, snapshot, this.options.clock.now());
      if (next === undefined || !stream.send(next.text)) return;
      listener.cursor = next.revision;
    }
  }

  #beat(): void {
    const { clock, heartbeatMs = 15_000 } = this.options;
    this.#heartbeat?.cancel();
    this.#heartbeat = clock.setTimer(
      () => {
        for (const listener of this.#listeners) this.#beatOne(listener);
        if (this.#listeners.size > 0) this.#beat();
      },
      heartbeatMs,
      { unref: true },
    );
  }

  #beatOne(listener: Listener): void {
    const { stream } = listener;
    if (stream.unread === 0) {
      listener.stuck = false;
      stream.send(HEARTBEAT);
    } else if (listener.stuck) {
      this.cutOff++;
      stream.cutOff();
    } else listener.stuck = true;
  }
}

/** What a listener gets next: of all that is newer than what it got last, the oldest. */
function nextEvent(
  listener: Listener,
  snapshot: Snapshot,
  now: number,
): { readonly revision: number; readonly text: string } | undefined {
  const { service, instance, cursor } = listener;
  const state = stateRevision(snapshot, service);
  let next: { revision: number; text: () => string } | undefined;
  if (state > cursor)
    next = {
      revision: state,
      text: () => formatEvent({ id: String(state), name: 'state', data: stateFor(snapshot, service, instance) }),
    };
  for (const stored of snapshot.commands.values()) {
    const { command } = stored;
    const { revision, validUntil } = command;
    if (stored.service !== service || revision <= cursor || validUntil <= now) continue;
    if (next !== undefined && next.revision < revision) continue;
    if (isFor(stored, listener))
      next = { revision, text: () => formatEvent({ id: String(revision), name: 'command', data: command }) };
  }
  return next && { revision: next.revision, text: next.text() };
}

/** When anything was last changed that an instance of the service should know, as a revision; 0 when nothing ever was. */
export function stateRevision({ services, switch: all }: Snapshot, service: string): number {
  return Math.max(services.get(service)?.revision ?? 0, all.revision);
}

/** All that is desired of one instance. */
export function stateFor(snapshot: Snapshot, service: string, instance: string): ControlState {
  const document = snapshot.services.get(service) ?? emptyDocument(service);
  const { switch: all } = snapshot;
  const changes = lastChanges(document);
  const { by = NOBODY } = [...changes.values(), document.switch, all].reduce((a, b) =>
    b.revision > a.revision ? b : a,
  );
  const others = [...changes.values()].filter((one) => one.by.role !== by.role || one.by.key !== by.key);
  const lastOff = lastOffOf(all, document);
  return {
    revision: stateRevision(snapshot, service),
    at: Math.max(document.at, all.at),
    on: all.on && document.switch.on,
    by,
    caches: desiredOf(document, instance),
    ...(lastOff > 0 && { lastOff }),
    ...(others.length > 0 && { authors: Object.fromEntries(others.map((one) => [one.cache, one.by])) }),
  };
}
