/** A timer this late still closes the window that was open when it should have fired, ms. */
export const LATE_MS = 60_000;

/** The end of the window that a moment lies in: windows are half-open and aligned to the clock. */
export function openEnd(now: number, windowMs: number): number {
  return Math.floor(now / windowMs) * windowMs + windowMs;
}

/**
 * To which window the counts since the last close belong, when a timer fires at `now` for the window ending at `due`;
 * undefined when it fired early and must be set again. Every count goes to exactly one window, so sums are exact; which
 * one is by this rule:
 *
 * - On time, or late by less than a minute (a busy event loop): the window that was open, also for what was counted
 *   between its end and now.
 * - Later than that (a suspended laptop, a clock set forward): the last window that is complete by now, since windows of
 *   long ago would be refused as too late.
 * - Before that window even started (a clock set back): the last complete one, likewise.
 */
export function windowToClose(due: number, now: number, windowMs: number): number | undefined {
  if (now >= due && now < due + LATE_MS) return due;
  if (now < due && now >= due - windowMs) return undefined;
  return openEnd(now, windowMs) - windowMs;
}
