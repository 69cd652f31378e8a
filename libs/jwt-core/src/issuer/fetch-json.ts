import { boundedFetch, type FetchLimits } from './bounded-fetch.js';
import { IssuerError } from './issuer-error.js';

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
