import { parseSelector, selects } from '#libs/contracts';
import type { ControlledInstance } from '#libs/contracts';
import type { Host, Invocation } from '../../command/command.js';
import { CliError } from '../../command/errors.js';
import { EXIT } from '../../command/exit-codes.js';
import type { Server } from '../../http/server.js';
import { chosen } from '../chosen.js';
import { readControl, type ControlReading } from '../control.js';
import { tierFigures } from '../figures.js';
import { nothingOf } from '../nothing-of.js';
import { cacheViews, type CacheView } from '../view.js';

/** A cache in the instances that a selector names. */
export interface Place {
  readonly service: string;
  readonly cache: string;
  readonly selector: string;
}

/** Figures that are older do not say that a service has such a cache, ms. */
const LATELY_MS = 900_000;

/**
 * The cache that is meant. With its service named, by the control channel alone: what has to be done at night must not need
 * a database that is away.
 * @throws CliError NOT_FOUND, AMBIGUOUS, SWITCHED_OFF, or why the control channel does not tell
 */
export async function placeOf(
  invocation: Invocation,
  server: Server,
  { clock }: Pick<Host, 'clock'>,
  selector: string,
): Promise<Place> {
  const name = invocation.argument('NAME')!;
  const only = invocation.text('service');
  const now = clock.now();
  const named = only === undefined ? beginningsOf(name) : [only];
  let control = await readControl(server, named, only);
  let views = cacheViews([], control, now);
  const isNamed = (view: CacheView) => only !== undefined || `${view.service}/${view.cache}` === name;
  if (!views.some((view) => isNamed(view) && (view.cache === name || `${view.service}/${view.cache}` === name))) {
    const figures = await figuresOf(server, now, only);
    control = await readControl(server, [...named, ...new Set(figures.map(({ service }) => service))], only);
    views = cacheViews(figures, control, now);
    if (views.length === 0 && only !== undefined) throw await nothingOf(only, server, now - LATELY_MS, now);
  }
  const { service, cache } = chosen(views, name);
  mustBeOn(control, service);
  return { service, cache, selector };
}

/** `a/b/c`: the services `a` and `a/b` may be meant. Pure. */
function beginningsOf(name: string): string[] {
  const parts = name.split('/');
  return parts.slice(1).flatMap((_, i) => parts.slice(0, i + 1).join('/') || []);
}

async function figuresOf(server: Server, now: number, service: string | undefined) {
  try {
    return await tierFigures(server, { since: now - LATELY_MS, now, service });
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const remedy = 'Name the service, and no database is asked: SERVICE/NAME.';
    throw new CliError(error.code, error.message, error.exitCode, `${error.remedy} ${remedy}`, { cause: error });
  }
}

function mustBeOn(control: ControlReading, service: string): void {
  const state = control.services.get(service);
  if (state === undefined)
    throw new CliError(
      'CONTROL_UNKNOWN',
      `The control channel does not tell of ${service}: ${control.unknown ?? 'it knows nothing of it'}.`,
      EXIT.failed,
      'Give the address of the API with --endpoint, and a key with the scopes read and control for this service.',
    );
  if (!state.on)
    throw new CliError(
      'SWITCHED_OFF',
      `Instances of ${service} take nothing from afar now: the switch is off.`,
      EXIT.failed,
      'Somebody switched it off. docs/control.md says how it is switched on again.',
    );
}

/** The instances that are meant and have the cache, those that do not listen now, too. Pure. */
export function meantInstances(
  { cache, selector }: Place,
  instances: readonly ControlledInstance[],
): readonly ControlledInstance[] {
  const chosenOnes = parseSelector(selector)!;
  return instances.filter(
    ({ instance, caches }) =>
      selects(chosenOnes, instance) && caches.some(({ description }) => description.cache === cache),
  );
}

export function servicePath({ service }: Pick<Place, 'service'>): string {
  return `/v1/control/services/${encodeURIComponent(service)}`;
}
