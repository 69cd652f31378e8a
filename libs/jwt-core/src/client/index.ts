export {
  ClientCredentialsToken,
  type ClientCredentialsTokenOptions,
} from './client-credentials-token.js';
export { ClientTokenError, type ClientTokenErrorCode } from './token-endpoint.js';
