import { boundedFetch, type FetchLimits } from './bounded-fetch.js';
import type { ClientCredentials } from './client-credentials.js';

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
