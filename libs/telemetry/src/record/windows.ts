import type { Event } from '#libs/contracts';
import type { Clock, Timer } from '#libs/time';
import type { Pacer } from '../pacer.js';
import type { Counters } from '../stats.js';
import { openEnd, windowToClose } from './window-end.js';

/** Something that counts, and whose counts become events when a window closes. */
export interface WindowSource {
  /** Emits what was counted since the last call, as of the window that ends at `end`, and starts from 0. */
  closeWindow(end: number, windowMs: number, emit: (event: Event) => void): void;
}

export interface WindowsOptions {
  readonly windowMs: number;
  readonly clock: Clock;
  readonly pacer: Pacer;
  readonly counters: Counters;
  readonly emit: (event: Event) => void;
  /** All windows up to `end` have been emitted. */
  readonly onClosed: (end: number) => void;
}

/** Closes the windows of one length, by a timer aligned to the clock: counting itself never asks for the time. */
export class Windows {
  readonly #options: WindowsOptions;
  readonly #sources = new Set<() => Iterable<WindowSource>>();
  #due: number;
  #timer: Timer | undefined;
  #closing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: WindowsOptions) {
    this.#options = options;
    this.#due = openEnd(options.clock.now(), options.windowMs);
    this.#arm();
  }

  add(source: WindowSource): void {
    this.#sources.add(() => [source]);
  }

  addMany(sources: () => Iterable<WindowSource>): void {
    this.#sources.add(sources);
  }

  /** Closes the open window in slices, after those that are being closed: for the end. */
  closeOpen(): Promise<void> {
    const end = openEnd(this.#options.clock.now(), this.#options.windowMs);
    this.#closing = this.#closing.then(() => this.#closeSources(end));
    return this.#closing;
  }

  /** Closes the open window now, in one go, for a page going away. What follows counts to it again. */
  closeNow(): void {
    const end = openEnd(this.#options.clock.now(), this.#options.windowMs);
    for (const sources of this.#sources) for (const source of sources()) this.#close(source, end);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #arm(): void {
    const { clock } = this.#options;
    // Never longer than a window: after a clock was set back, the next window is soon all the same.
    const delay = Math.min(this.#due - clock.now(), this.#options.windowMs);
    this.#timer = clock.setTimer(() => this.#fire(), delay, { unref: true });
  }

  #fire(): void {
    if (this.#stopped) return;
    const { clock, windowMs, counters } = this.#options;
    const now = clock.now();
    const end = windowToClose(this.#due, now, windowMs);
    if (end !== undefined) {
      this.#due = openEnd(now, windowMs);
      const closedThrough = this.#due - windowMs;
      this.#closing = this.#closing
        .then(() => this.#closeAll(end, closedThrough))
        .catch((cause: unknown) => counters.problem('internal', 'A window could not be closed.', cause));
    }
    this.#arm();
  }

  async #closeAll(end: number, closedThrough: number): Promise<void> {
    await this.#closeSources(end);
    this.#options.onClosed(closedThrough);
  }

  async #closeSources(end: number): Promise<void> {
    const { pacer } = this.#options;
    await pacer.breathe();
    for (const sources of this.#sources)
      for (const source of sources()) {
        this.#close(source, end);
        if (pacer.due()) await pacer.breathe();
      }
  }

  #close(source: WindowSource, end: number): void {
    this.#options.counters.guard(() => source.closeWindow(end, this.#options.windowMs, this.#options.emit), undefined);
  }
}
