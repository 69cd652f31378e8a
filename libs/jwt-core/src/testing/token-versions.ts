import { DEFAULT_CLIENT_ID, type Members } from './access-token.js';

/** How often each client was revoked, which the claim `token_version` of its later tokens says. */
export class TokenVersions {
  private readonly versions = new Map<unknown, number>();

  /** Counts a revocation. */
  next(clientId: string): number {
    const version = (this.versions.get(clientId) ?? 0) + 1;
    this.versions.set(clientId, version);
    return version;
  }

  /** The claims of a token, with its version if its client was revoked before. */
  complete(claims: Members): Members {
    const { client_id: clientId = DEFAULT_CLIENT_ID } = claims;
    const version = this.versions.get(clientId);
    return version === undefined ? claims : { token_version: version, ...claims };
  }
}
