import { CliError } from '../command/errors.js';
import { EXIT } from '../command/exit-codes.js';
import { meant, nearest } from '../command/suggest.js';
import type { Server } from '../http/server.js';
import { readControl } from './control.js';
import { tierFigures } from './figures.js';
import { cacheViews } from './view.js';

/** Services that are named; of more than so many, not all are. */
const MOST_NAMED = 20;

/**
 * What to say where a service of this name has no cache: whether another name was meant, and which there are.
 * @param since from when on others may have reported, epoch ms
 */
export async function nothingOf(service: string, server: Server, since: number, now: number): Promise<CliError> {
  const figures = await tierFigures(server, { since, now });
  const control = await readControl(server, [...new Set(figures.map((one) => one.service))]);
  const others = [...new Set(cacheViews(figures, control, now).map((one) => one.service))];
  const there = `There are: ${others.slice(0, MOST_NAMED).join(', ')}${others.length > MOST_NAMED ? ' …' : ''}.`;
  return new CliError(
    'NOT_FOUND',
    `No cache of a service ${JSON.stringify(service)} has reported in this time.`,
    EXIT.failed,
    others.length === 0
      ? 'No other service has any; --since 24h looks further back.'
      : `${meant(nearest(service, others))}${there}`,
  );
}
