import { IssuerError } from './issuer-error.js';
import type { ClientCredentials } from './client-credentials.js';

/** From a request to the last byte of its answer, unless an option says otherwise. */
export const DEFAULT_TIMEOUT_MS = 5_000;

/** How long an answer may take and how large it may be. */
export interface FetchLimits {
  /** From the request to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Of the body, after content decoding. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/** Method, headers and body: a GET by default. */
export type RequestOptions = Pick<RequestInit, 'method' | 'headers' | 'body'>;

/**
 * One request, and what `take` makes of the answer, whose body it may read by `body`. Redirects are
 * not followed: an attacker who can redirect could replace the keys and would receive the secrets
 * (server-side request forgery, threat:server-side-request-forgery).
 *
 * @throws IssuerError `unreachable`, `timed_out`, `aborted`, `too_large`, or one that `take`
 *   throws. Any other error of `take` becomes `unreachable`.
 */
export async function boundedFetch<T>(
  url: string,
  request: RequestOptions,
  { timeoutMs, maxBytes, signal }: FetchLimits,
  take: (response: Response, body: () => Promise<Buffer>) => T | Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const giveUp = (): void =>
    stop.abort(new IssuerError('aborted', `${url}: given up`, { cause: signal?.reason }));
  // Not AbortSignal.any: it leaves listeners on a signal that lives as long as the process.
  signal?.addEventListener('abort', giveUp, { once: true });
  if (signal?.aborted) giveUp();
  const timer = setTimeout(
    () => stop.abort(new IssuerError('timed_out', `${url}: no answer within ${timeoutMs} ms`)),
    timeoutMs,
  );
  try {
    const response = await fetch(url, { ...request, redirect: 'error', signal: stop.signal });
    return await take(response, () => read(url, response, maxBytes));
  } catch (error) {
    const failure = asIssuerError(url, error);
    // Frees the connection of an answer that was not read to its end.
    stop.abort(failure);
    throw failure;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', giveUp);
  }
}

/**
 * Endless answers and decompression bombs (threat:decompression-bombs): counts the bytes that
 * arrive, as `content-length` may be wrong or absent.
 */
async function read(url: string, response: Response, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBytes) {
      throw new IssuerError('too_large', `${url}: more than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** `fetch` reports only "fetch failed". The innermost cause is what an operator needs. */
function asIssuerError(url: string, error: unknown): IssuerError {
  if (error instanceof IssuerError) return error;
  let root = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  const { code, message } = root as { code?: string; message?: string };
  return new IssuerError('unreachable', `${url}: ${code ?? message}`, { cause: error });
}

/**
 * Fetches a JSON document: one GET, a 2xx answer, well-formed UTF-8 and JSON (RFC 8259).
 *
 * @throws IssuerError `unreachable`, `timed_out`, `aborted`, `bad_status`, `too_large`, `not_json`
 */
export async function fetchJson(
  url: string,
  limits: FetchLimits,
  headers: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const request = { headers: { accept: 'application/json', ...headers } };
  return boundedFetch(url, request, limits, async (response, body) => {
    if (!response.ok) throw new IssuerError('bad_status', `${url}: status ${response.status}`);
    return parse(url, await body());
  });
}

function parse(url: string, body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown;
  } catch (cause) {
    throw new IssuerError('not_json', `${url}: not JSON`, { cause });
  }
}

/** The answer of an endpoint, with any status. */
export interface FormAnswer {
  readonly status: number;
  readonly body: Buffer;
  /** `Retry-After`, if it is there in seconds (RFC 9110 section 10.2.3). */
  readonly retryAfterMs: number | undefined;
}

/**
 * Posts a form as an authenticated client (RFC 6749 section 2.3.1). Returns the answer, with any
 * status.
 *
 * @throws IssuerError `unreachable`, `timed_out`, `aborted`, `too_large`
 */
export async function postForm(
  url: string,
  form: Readonly<Record<string, string>>,
  credentials: ClientCredentials,
  limits: FetchLimits,
): Promise<FormAnswer> {
  const request = {
    method: 'POST',
    headers: { accept: 'application/json', authorization: credentials.authorization() },
    body: new URLSearchParams(form),
  };
  return boundedFetch(url, request, limits, async ({ status, headers }, body) => ({
    status,
    retryAfterMs: retryAfterMs(headers.get('retry-after')),
    body: await body(),
  }));
}

function retryAfterMs(header: string | null): number | undefined {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : undefined;
}
