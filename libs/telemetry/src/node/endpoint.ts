import { endpointProblem } from '../creation.js';

/**
 * `/v1/events` below a collector's base, whether that ends in a slash or not.
 * @throws TypeError when it is no URL, or not of HTTP: every send would fail.
 */
export function eventsUrl(endpoint: string): URL {
  const problem = endpointProblem(endpoint);
  if (problem !== undefined) throw new TypeError(problem);
  return new URL('v1/events', endpoint.endsWith('/') ? endpoint : `${endpoint}/`);
}
