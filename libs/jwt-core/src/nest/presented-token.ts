import type { VerdictCounts } from '../verifier/verdict-counts.js';
import { bearerToken, type HttpRequest } from './bearer-token.js';

/**
 * The request's bearer token, for a verifier that counts its verdicts: one that is not there never
 * reaches it.
 *
 * @throws TokenError `token_missing`
 */
export function presentedToken(request: HttpRequest, verdicts: VerdictCounts): string {
  try {
    return bearerToken(request);
  } catch (error) {
    verdicts.noteRefusal(error);
    throw error;
  }
}
