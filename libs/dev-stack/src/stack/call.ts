/** What is sent to an app. `token` becomes the Authorization header, `from` the address it comes from. */
export interface Call {
  method?: string;
  token?: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** Believed only by an app behind a trusted proxy. */
  from?: string;
  signal?: AbortSignal;
}

/** What came back. `body` is parsed JSON, or undefined for an empty one. */
export interface Answer<Body = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: Body;
}

/**
 * Sends one request. A text is sent as it is, any other body as JSON.
 * @throws TypeError when the app goes away before it has answered
 */
export async function call<Body = Record<string, unknown>>(
  url: string,
  options: Call = {},
): Promise<Answer<Body>> {
  const { token, body, headers = {}, from, signal } = options;
  const response = await fetch(url, {
    method: options.method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(from === undefined ? {} : { 'x-forwarded-for': from }),
      ...headers,
    },
    body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    signal,
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === '' ? undefined : JSON.parse(text)) as Body,
  };
}

/** What an answer comes down to: `ok`, or the code of its problem. */
export function outcome({ status, body }: Answer): unknown {
  return status >= 200 && status < 300 ? 'ok' : body['code'];
}
