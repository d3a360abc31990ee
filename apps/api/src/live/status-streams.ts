import type { PipelineStatus } from '#libs/contracts';
import type { Clock, Timer } from '#libs/time';
import type { StatusPoll } from '../status/status-poll.js';
import { EventStream, formatEvent, HEARTBEAT } from './event-stream.js';

export interface StatusStreamsOptions {
  readonly clock: Clock;
  readonly poll: StatusPoll;
  /** Default 100. */
  readonly maxClients?: number;
  /** Default 15,000 ms. */
  readonly heartbeatMs?: number;
}

/**
 * The clients that watch the pipeline. Each look is written out once and sent to all of them. A client that comes back
 * with Last-Event-ID gets the present status, like any other: every status is whole, so that nothing was missed.
 */
export class StatusStreams {
  readonly #streams = new Set<EventStream>();
  #unwatch: (() => void) | undefined;
  #heartbeat: Timer | undefined;

  constructor(private readonly options: StatusStreamsOptions) {}

  get clients(): number {
    return this.#streams.size;
  }

  get full(): boolean {
    return this.#streams.size >= (this.options.maxClients ?? 100);
  }

  /** Sends the recent past and the present, then each new status until the client goes. */
  add(stream: EventStream): void {
    const { poll, clock } = this.options;
    this.#streams.add(stream);
    stream.onClosed(() => this.#remove(stream));
    stream.send(formatEvent({ id: String(clock.now()), name: 'recent', data: poll.recent }));
    if (poll.latest !== undefined) stream.send(statusEvent(poll.latest));
    if (this.#streams.size > 1) return;
    this.#unwatch = poll.watch((status) => this.#send(statusEvent(status)));
    this.#beat();
  }

  closeAll(): void {
    for (const stream of this.#streams) stream.close();
    this.#streams.clear();
    this.#rest();
  }

  #send(text: string): void {
    for (const stream of this.#streams) stream.send(text);
  }

  #beat(): void {
    const { clock, heartbeatMs = 15_000 } = this.options;
    this.#heartbeat = clock.setTimer(
      () => {
        this.#send(HEARTBEAT);
        this.#beat();
      },
      heartbeatMs,
      { unref: true },
    );
  }

  #remove(stream: EventStream): void {
    if (this.#streams.delete(stream) && this.#streams.size === 0) this.#rest();
  }

  #rest(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#heartbeat?.cancel();
    this.#heartbeat = undefined;
  }
}

function statusEvent(status: PipelineStatus): string {
  return formatEvent({ id: String(status.at), name: 'status', data: status });
}
