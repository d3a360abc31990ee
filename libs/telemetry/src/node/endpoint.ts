/**
 * `/v1/events` below a collector's base, whether that ends in a slash or not. For Node: a page is told nothing by errors.
 * @throws TypeError when it is no URL, or not of HTTP: every send would fail.
 */
export function eventsUrl(endpoint: string): URL {
  const base = endpoint.endsWith('/') ? endpoint : `${endpoint}/`;
  const what = `the collector's endpoint ${JSON.stringify(endpoint)}`;
  const example = 'give one such as http://127.0.0.1:8080';
  let url: URL;
  try {
    url = new URL('v1/events', base);
  } catch {
    throw new TypeError(`${what} is not a URL; ${example}`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new TypeError(`${what} is not one of HTTP or HTTPS; ${example}`);
  return url;
}
