import type { Principal } from './principal.js';

export interface SessionOptions {
  /** The address of auth, as in `iss`. Same site as the page: else browsers keep no cookie. */
  readonly issuer: string;
}

/** The session of this browser with auth, one for all tabs of this origin. */
export interface Session {
  /** Who is logged in; `null`: nobody; `undefined`: not known yet. */
  readonly principal: Principal | null | undefined;

  /**
   * @throws SecondFactorError when the password is right, and the user has a second factor;
   *   SessionError when auth refuses; what `fetch` throws when it cannot be reached
   */
  login(credentials: Credentials): Promise<Principal>;

  /**
   * A login with a passkey alone. What a browser needs to sign: `POST /auth/login/passkey/options`.
   *
   * @throws SessionError when auth refuses; what `fetch` throws when it cannot be reached
   */
  loginWithPasskey(credentials: PasskeyCredentials): Promise<Principal>;

  /**
   * The second step of a login. The ticket is in the `SecondFactorError` of the first; after a few
   * wrong factors it no longer works, and the login begins anew.
   *
   * @throws as `login` does
   */
  loginWithFactor(proof: FactorProof & { readonly ticket: string }): Promise<Principal>;

  /**
   * Proves anew who the user is, for calls that answer 401 `insufficient_user_authentication`
   * (RFC 9470). The session goes on with a token that says so.
   *
   * @throws SessionError when auth refuses; what `fetch` throws when it cannot be reached
   */
  stepUp(proof: Proof): Promise<Principal>;

  /**
   * Logs out in all tabs, at once.
   *
   * @throws what `fetch` throws when auth could not be reached: then the session goes on at auth, and
   *   the next page load finds it
   */
  logout(): Promise<void>;

  /**
   * A new access token in all tabs, for a page that shows it or gives it to another program. `undefined`
   * without a session.
   *
   * @throws SessionError when auth refuses; what `fetch` throws when it cannot be reached
   */
  renew(): Promise<string | undefined>;

  /**
   * `fetch` with the access token: refreshed shortly before it expires, and once after a service
   * refuses it. Call it only for services that may have the token. Without a session it sends none.
   *
   * @throws SessionError when auth refuses a new token; what `fetch` throws when auth or the service
   *   cannot be reached, or for a bad request
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;

  /** Calls `listener` whenever someone else is logged in, or nobody. Returns how to stop that. */
  onChange(listener: (principal: Principal | null) => void): () => void;

  /** Forgets the token, and leaves the other tabs. The session itself goes on. */
  close(): void;
}

/** What a user types, and what the session is limited to. */
export interface Credentials {
  readonly email: string;
  readonly password: string;
  /** Of what the user may do, only this. */
  readonly scope?: string;
  /** The audience of the session's tokens. */
  readonly resource?: string;
}

/** A second factor: one of these. */
export interface FactorProof {
  /** Of an authenticator app. */
  readonly code?: string;
  readonly recoveryCode?: string;
  /** A `PublicKeyCredential` of `navigator.credentials.get()`, as its `toJSON()` gives it. */
  readonly passkey?: object;
}

/** A passkey alone, and what the session is limited to. */
export interface PasskeyCredentials extends Pick<Credentials, 'scope' | 'resource'> {
  readonly passkey: object;
}

/** What proves anew who the user is. */
export interface Proof extends FactorProof {
  readonly password?: string;
}

/** What the second step of a login needs. */
export interface SecondFactorDemand {
  /** For `loginWithFactor`, once. */
  readonly ticket: string;
  /** What the user has: `totp`, `passkey`, `recovery-code`. */
  readonly methods: readonly string[];
  /** For `navigator.credentials.get()`, of a user with a passkey. */
  readonly passkey?: object;
  /** Seconds. */
  readonly expiresIn: number;
}

/** The password was right, and the user has a second factor: `loginWithFactor` ends the login. */
export class SecondFactorError extends Error {
  override readonly name = 'SecondFactorError';

  constructor(readonly mfa: SecondFactorDemand) {
    super('The login needs a second factor');
  }
}

/** The body of a refusal (RFC 9457). */
export interface Problem {
  readonly status: number;
  /** What programs switch on, such as `invalid_credentials` or `too_many_attempts`. */
  readonly code: string;
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

/** Auth refused. `retryAfterSeconds` is there if it said when to try again. */
export class SessionError extends Error {
  override readonly name = 'SessionError';

  constructor(
    readonly problem: Problem,
    readonly retryAfterSeconds?: number,
  ) {
    super(problem.detail ?? problem.code);
  }

  get code(): string {
    return this.problem.code;
  }
}
