import { CliError } from '../command/errors.js';
import { EXIT } from '../command/exit-codes.js';
import { meant, nearest } from '../command/suggest.js';
import type { CacheView } from './view.js';

/** The one cache that a name means: `pages`, or with its service `reader/pages`. @throws CliError NOT_FOUND, or AMBIGUOUS where several services have it. */
export function chosen(views: readonly CacheView[], name: string): CacheView {
  const found = views.filter(({ service, cache }) => cache === name || `${service}/${cache}` === name);
  if (found.length === 1) return found[0]!;
  if (found.length > 1)
    throw new CliError(
      'AMBIGUOUS',
      `${found.length} services have a cache ${JSON.stringify(name)}: ${found.map(({ service }) => service).join(', ')}.`,
      EXIT.usage,
      `Add --service ${found[0]!.service}, for example.`,
    );
  const names = views.map(({ service, cache }) => `${service}/${cache}`);
  const guess = nearest(name, [...new Set(views.map(({ cache }) => cache)), ...names]);
  throw new CliError(
    'NOT_FOUND',
    `No cache ${JSON.stringify(name)} has reported in this time.`,
    EXIT.failed,
    `${meant(guess)}${names.length === 0 ? 'None has; --since 24h looks further back.' : `There are: ${names.slice(0, 20).join(', ')}${names.length > 20 ? ' …' : ''}.`}`,
  );
}
