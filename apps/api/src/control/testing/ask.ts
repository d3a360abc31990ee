/** What came of a request. */
export interface Asked<Body> {
  readonly status: number;
  readonly etag: string | undefined;
  readonly retryAfter: string | undefined;
  readonly json: Body;
}

/** Asks with a JSON body, if there is one, and reads the answer as one. */
export async function ask<Body = Record<string, unknown>>(
  url: string,
  method = 'GET',
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Asked<Body>> {
  const answer = await fetch(url, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    etag: answer.headers.get('etag') ?? undefined,
    retryAfter: answer.headers.get('retry-after') ?? undefined,
    json: (text === '' ? {} : JSON.parse(text)) as Body,
  };
}
