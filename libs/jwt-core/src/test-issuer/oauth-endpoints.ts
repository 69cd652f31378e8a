import { randomBytes } from 'node:crypto';
import { ClientCredentials } from '../issuer/client-credentials.js';
import { RevocationEntries, revocableToken } from '../revocation/revocation-entries.js';
import { LIFE_SECONDS, type Members } from './access-token.js';
import { type IssuerRequest, IssuerRefusal } from './issuer-server.js';
import type { MemoryRevocationSource } from './memory-revocation-source.js';
import type { TestClock } from './test-clock.js';

/** A client's credentials, with the names of the options that take them. */
export interface TestClient {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** The parts of the issuer that its endpoints use. */
interface Issuer {
  readonly clock: TestClock;
  readonly revocations: MemoryRevocationSource;
  mint(claims: Members): string;
  mintReference(claims: Members): string;
}

/** The token endpoint (RFC 6749 section 4.4) and the introspection endpoint (RFC 7662). */
export class OAuthEndpoints {
  private readonly references = new Map<string, Members>();
  private readonly authorization: string;

  constructor(
    private readonly issuer: Issuer,
    private readonly client: TestClient,
  ) {
    const { clientId, clientSecret } = client;
    this.authorization = new ClientCredentials(clientId, clientSecret).authorization();
  }

  /** Makes a reference token for these claims. */
  remember(claims: Members): string {
    const token = randomBytes(32).toString('base64url');
    this.references.set(token, claims);
    return token;
  }

  token(request: IssuerRequest): unknown {
    if (!this.isClient(request)) return new IssuerRefusal(401, { error: 'invalid_client' });
    const { form } = request;
    if (form.get('grant_type') !== 'client_credentials') {
      return new IssuerRefusal(400, { error: 'unsupported_grant_type' });
    }
    const { clientId } = this.client;
    const scope = form.get('scope') ?? '';
    const resource = form.get('resource');
    const audience = resource === null ? {} : { aud: resource };
    const claims = { sub: clientId, client_id: clientId, sid: undefined, scope, ...audience };
    const isReference = form.get('token_format') === 'reference';
    return {
      access_token: isReference ? this.issuer.mintReference(claims) : this.issuer.mint(claims),
      token_type: 'Bearer',
      expires_in: LIFE_SECONDS,
      scope,
    };
  }

  async introspect(request: IssuerRequest): Promise<unknown> {
    if (!this.isClient(request)) return new IssuerRefusal(401, { error: 'invalid_client' });
    const claims = this.references.get(request.form.get('token') ?? '');
    if (claims === undefined || this.hasExpired(claims) || this.isRevoked(claims)) {
      return { active: false };
    }
    return { active: true, token_type: 'Bearer', ...claims };
  }

  private isClient({ authorization }: IssuerRequest): boolean {
    return authorization === this.authorization;
  }

  private hasExpired({ exp }: Members): boolean {
    return typeof exp === 'number' && exp <= this.issuer.clock.now() / 1000;
  }

  private isRevoked({ jti, sid, client_id, iat, token_version }: Members): boolean {
    const revoked = new RevocationEntries();
    for (const entry of this.issuer.revocations.all) revoked.add(entry);
    const ids = {
      tokenId: String(jti),
      sessionId: typeof sid === 'string' ? sid : undefined,
      clientId: String(client_id),
      issuedAt: Number(iat),
    };
    const version = typeof token_version === 'number' ? token_version : undefined;
    return revoked.covers(revocableToken(ids, undefined, version));
  }
}
