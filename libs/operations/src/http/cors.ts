/** How long a browser may remember the answer to a preflight, s. Browsers cap it at 2 h or 24 h themselves. */
const PREFLIGHT_MAX_AGE_SECONDS = 7_200;

/** Headers of an answer to a page of an allowed origin. No credentials: keys travel in a header, never in cookies. */
export function corsHeaders(origin: string): Record<string, string> {
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'retry-after',
    vary: 'origin',
  };
}

/** Headers of the answer to a preflight request of an allowed origin. */
export function preflightHeaders(origin: string, methods: readonly string[]): Record<string, string> {
  return {
    ...corsHeaders(origin),
    'access-control-allow-methods': methods.join(', '),
    'access-control-allow-headers': 'authorization, content-type, content-encoding, last-event-id',
    'access-control-max-age': String(PREFLIGHT_MAX_AGE_SECONDS),
    // Chromium asks before a public page reaches a loopback server.
    'access-control-allow-private-network': 'true',
  };
}
