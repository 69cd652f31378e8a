import { IssuerError } from './issuer-error.js';
import type { ClientCredentials } from './client-credentials.js';

/** How long an answer may take and how large it may be. */
export interface FetchLimits {
  /** From the question to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Of the body, after content decoding. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/** What is asked, beyond where: a GET by default. */
export type Question = Pick<RequestInit, 'method' | 'headers' | 'body'>;

/**
 * One question and what `take` makes of the answer, whose body it reads by `body`, or leaves.
 * Redirects are not followed: whoever can redirect could name the keys, and would be told the
 * secrets (threat:server-side-request-forgery).
 *
 * @throws IssuerError `unreachable`, `timed_out`, `aborted`, `too_large`, or what `take` throws
 */
export async function boundedFetch<T>(
  url: string,
  question: Question,
  { timeoutMs, maxBytes, signal }: FetchLimits,
  take: (response: Response, body: () => Promise<Buffer>) => T | Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const giveUp = (): void =>
    stop.abort(new IssuerError('aborted', `${url}: given up`, { cause: signal?.reason }));
  // Not AbortSignal.any: on a signal that lives as long as the process it gathers dead listeners.
  signal?.addEventListener('abort', giveUp, { once: true });
  if (signal?.aborted) giveUp();
  const timer = setTimeout(
    () => stop.abort(new IssuerError('timed_out', `${url}: no answer within ${timeoutMs} ms`)),
    timeoutMs,
  );
  try {
    const response = await fetch(url, { ...question, redirect: 'error', signal: stop.signal });
    return await take(response, () => read(url, response, maxBytes));
  } catch (error) {
    const failure = asIssuerError(url, error);
    // Frees the connection of an answer that nobody reads to its end.
    stop.abort(failure);
    throw failure;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', giveUp);
  }
}

/**
 * Endless answers, decompression bombs (threat:decompression-bombs): counts what really arrives, as `content-length` is the
 * sender's word, and may be absent.
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

/** `fetch` says only "fetch failed"; what an operator needs to read lies at the bottom. */
function asIssuerError(url: string, error: unknown): IssuerError {
  if (error instanceof IssuerError) return error;
  let root = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  const { code, message } = root as { code?: string; message?: string };
  return new IssuerError('unreachable', `${url}: ${code ?? message}`, { cause: error });
}

/**
 * The JSON document at an address: one GET, a 2xx answer, well-formed UTF-8 and JSON (RFC 8259).
 *
 * @throws IssuerError `unreachable`, `timed_out`, `aborted`, `bad_status`, `too_large`, `not_json`
 */
export async function fetchJson(url: string, limits: FetchLimits): Promise<unknown> {
  const question = { headers: { accept: 'application/json' } };
  return boundedFetch(url, question, limits, async (response, body) => {
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

/** Whatever an endpoint answered. */
export interface FormAnswer {
  readonly status: number;
  readonly body: Buffer;
  /** What `Retry-After` asks for, if it does (RFC 9110 section 10.2.3, in seconds). */
  readonly retryAfterMs: number | undefined;
}

/**
 * Sends a form as an authenticated client (RFC 6749 section 2.3.1), and gives the answer whatever
 * its status.
 *
 * @throws IssuerError `unreachable`, `timed_out`, `aborted`, `too_large`
 */
export async function postForm(
  url: string,
  form: Readonly<Record<string, string>>,
  credentials: ClientCredentials,
  limits: FetchLimits,
): Promise<FormAnswer> {
  const question = {
    method: 'POST',
    headers: { accept: 'application/json', authorization: credentials.authorization() },
    body: new URLSearchParams(form),
  };
  return boundedFetch(url, question, limits, async ({ status, headers }, body) => ({
    status,
    retryAfterMs: retryAfterMs(headers.get('retry-after')),
    body: await body(),
  }));
}

function retryAfterMs(header: string | null): number | undefined {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : undefined;
}
