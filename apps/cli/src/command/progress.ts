import type { Clock } from '#libs/time';
import { say, type Terminal } from './terminal.js';

const BAR_WIDTH = 24;
/** A drawn bar moves this often; lines come this often where nobody watches. */
const DRAW_EVERY_MS = 100;
const LINE_EVERY_MS = 3_000;

/** A bar that is drawn over itself on a terminal, a line every few seconds elsewhere. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  #shownAt = -Infinity;
  #drawn = false;
  /** Since when the server has been away; undefined while it answers. */
  #awaySince: number | undefined;

  constructor(terminal: Terminal, clock: Clock) {
    this.#terminal = terminal;
    this.#clock = clock;
  }

  /** Shows a state, when enough time has passed since the last one. */
  update(share: number, text: string): void {
    const now = this.#clock.monotonic();
    if (now - this.#shownAt < (this.#terminal.interactive ? DRAW_EVERY_MS : LINE_EVERY_MS)) return;
    this.#shownAt = now;
    this.#show(share, text);
  }

  /** Shows the last state for good. */
  finish(share: number, text: string): void {
    this.#show(share, text);
    this.close();
  }

  /** Leaves what was drawn last, so that whatever is written next begins a line. */
  close(): void {
    if (this.#drawn) this.#terminal.write('\n');
    this.#drawn = false;
  }

  /** A message on a line of its own; the bar comes back with the next update. */
  message(text: string): void {
    if (this.#drawn) this.#terminal.write('\r\u001B[K');
    this.#drawn = false;
    say(this.#terminal, text);
  }

  /** The server is away: says so once, then shows for how long, where somebody watches. */
  away(share: number, trouble: string): void {
    const now = this.#clock.monotonic();
    if (this.#awaySince === undefined) {
      this.#awaySince = now;
      this.message(`${trouble} Nothing is lost; the replay waits …`);
    }
    if (this.#terminal.interactive)
      this.update(share, `waiting for the server, ${Math.round((now - this.#awaySince) / 1_000)} s`);
  }

  /** The server answers: says so once, when it was away. */
  back(): void {
    if (this.#awaySince === undefined) return;
    this.#awaySince = undefined;
    this.message('The server is back.');
  }

  #show(share: number, text: string): void {
    const line = progressLine(share, text);
    if (!this.#terminal.interactive) return say(this.#terminal, line);
    this.#terminal.write(`\r\u001B[K${line.slice(0, Math.max(20, this.#terminal.columns - 1))}`);
    this.#drawn = true;
  }
}

/** `[############            ]  50 %  text`. Pure. */
export function progressLine(share: number, text: string): string {
  const clamped = Math.min(1, Math.max(0, share));
  const filled = Math.round(clamped * BAR_WIDTH);
  const percent = String(Math.floor(clamped * 100)).padStart(3);
  return `[${'#'.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}] ${percent} %  ${text}`;
}
