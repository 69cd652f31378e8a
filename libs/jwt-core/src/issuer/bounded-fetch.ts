import { IssuerError } from './issuer-error.js';

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
