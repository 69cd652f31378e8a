export {
  ClientCredentialsToken,
  type ClientCredentialsTokenOptions,
} from './client-credentials-token.js';
export { ClientTokenError, type ClientTokenErrorCode } from './client-token-error.js';
