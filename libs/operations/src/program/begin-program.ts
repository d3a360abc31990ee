import { SystemClock, type Clock } from '#libs/time';
import type { Logger } from '../logger/logger.js';
import { createLogger } from '../logger/pino-logger.js';
import { loadSettings } from '../settings/settings-file.js';
import type { Settings, SettingsOf } from '../settings/settings.js';
import type { logSettings } from '../settings/shared-settings.js';
import { Shutdown } from '../shutdown/shutdown.js';

/** The part of Node's process that a program's beginning depends on. */
export interface ProgramPlace {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: { readonly isTTY?: boolean };
  cwd(): string;
}

/** What the parts of a program are opened with: each closes itself at shutdown. */
export interface ProgramBase {
  readonly clock: Clock;
  readonly log: Logger;
  readonly shutdown: Shutdown;
}

/** A program whose settings are read and that has opened nothing yet. */
export interface BegunProgram<S extends Settings> extends ProgramBase {
  readonly app: string;
  readonly values: SettingsOf<S>;
  /** How log lines look, with `auto` decided. */
  readonly logFormat: 'json' | 'short';
}

/**
 * Reads the settings of an app and makes its logger and shutdown.
 * @throws SettingsError that lists every problem at once.
 */
export function beginProgram<S extends Settings & typeof logSettings>(
  app: string,
  settings: S,
  place: ProgramPlace,
): BegunProgram<S> {
  const { values } = loadSettings(settings, { env: place.env, cwd: place.cwd() });
  const { logLevel: level, logFormat: asked } = values as SettingsOf<typeof logSettings>;
  const logFormat = asked === 'auto' ? (place.stdout.isTTY === true ? 'short' : 'json') : asked;
  const clock = new SystemClock();
  const log = createLogger({ app, level, format: logFormat });
  return { app, values, logFormat, clock, log, shutdown: new Shutdown({ clock, log }) };
}
