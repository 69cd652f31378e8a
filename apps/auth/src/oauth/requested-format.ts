import { TokenFormat } from '../tokens/token-format.js';
import type { Form } from './forms.js';
import { OAuthError } from './oauth-error.js';

/**
 * The kind of access token that a request asks for.
 *
 * @throws OAuthError `invalid_request` when there is no such kind
 */
export function requestedFormat(form: Form): TokenFormat {
  const { data: format } = TokenFormat.safeParse(form.get('token_format') ?? 'jwt');
  if (format) return format;
  const kinds = TokenFormat.options.join(' or ');
  throw new OAuthError('invalid_request', `token_format must be ${kinds}`);
}
