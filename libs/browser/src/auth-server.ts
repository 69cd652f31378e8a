import {
  SecondFactorError,
  SessionError,
  type Credentials,
  type FactorProof,
  type PasskeyCredentials,
  type Problem,
  type Proof,
  type SecondFactorDemand,
} from './api.js';
import { principalOf, scopesIn, type Principal } from './principal.js';

/** An access token that auth has just issued. */
export interface Access {
  readonly token: string;
  readonly principal: Principal;
  /** By the monotonic clock, which nobody can set. */
  readonly expiresAtMs: number;
}

interface TokenResponse {
  readonly access_token: string;
  readonly expires_in: number;
}

interface Me {
  readonly id: string;
  readonly roles: readonly string[];
  readonly scope: string;
  readonly sessionId: string;
}

/**
 * The first is shorter than auth's window for repeated refreshes (10 s): if an answer is lost, the
 * next attempt still gets the same tokens.
 */
const TIMEOUTS_MS = [8_000, 15_000, 15_000, 15_000, 15_000];
const PAUSES_MS = [300, 1_000, 2_000, 4_000];
/** For all other calls. They are not repeated, and other tabs wait for them. */
const TIMEOUT_MS = 30_000;
/** A longer wait is left to the caller. */
const LONGEST_PAUSE_MS = 4_000;

/** The calls that a session makes. All of them with the cookie, and as JSON. */
export function authServer(base: string) {
  const url = (path: string) => `${base}/auth/${path}`;

  /** @throws `TimeoutError`, a DOMException, when auth does not answer */
  async function post<Body>(path: string, body: object, init: RequestInit = {}): Promise<Body> {
    const answer = await fetch(url(path), {
      method: 'POST',
      body: JSON.stringify(body),
      credentials: 'include',
      cache: 'no-store',
      // A page that is left takes the next cookie all the same.
      keepalive: true,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...init,
      headers: { 'content-type': 'application/json', ...init.headers },
    });
    return read<Body>(answer);
  }

  /** Repeats a call that changes nothing when it is repeated, until auth has answered. */
  async function persist<Body>(path: string, headers = {}): Promise<Body> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const signal = AbortSignal.timeout(TIMEOUTS_MS[attempt] as number);
        return await post<Body>(path, {}, { signal, headers });
      } catch (error) {
        const pauseMs = Math.max(PAUSES_MS[attempt] ?? Infinity, askedPauseMs(error));
        if (pauseMs > LONGEST_PAUSE_MS || isFinal(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  }

  async function accessFrom(
    response: TokenResponse | Promise<TokenResponse>,
    sentAtMs: number,
  ): Promise<Access> {
    const { access_token: token, expires_in: seconds } = await response;
    const principal = principalOf(token) ?? (await askWho(token));
    return { token, principal, expiresAtMs: sentAtMs + seconds * 1_000 };
  }

  /** An opaque token says nothing of its user. */
  async function askWho(token: string): Promise<Principal> {
    const answer = await fetch(url('me'), {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const { id, roles, scope, sessionId } = await read<Me>(answer);
    return { subject: id, sessionId, roles, scopes: scopesIn(scope), claims: {} };
  }

  return {
    /** @throws SecondFactorError */
    login: async (credentials: Credentials): Promise<Access> => {
      const sentAtMs = performance.now();
      const body = { ...credentials, delivery: 'cookie' };
      const answer = await post<TokenResponse | { readonly mfa: SecondFactorDemand }>(
        'login',
        body,
      );
      if ('mfa' in answer) throw new SecondFactorError(answer.mfa);
      return accessFrom(answer, sentAtMs);
    },

    loginWithPasskey: (credentials: PasskeyCredentials): Promise<Access> => {
      const body = { ...credentials, delivery: 'cookie' };
      return accessFrom(post('login/passkey', body), performance.now());
    },

    loginWithFactor: (proof: FactorProof & { readonly ticket: string }): Promise<Access> =>
      accessFrom(post('login/mfa', proof), performance.now()),

    stepUp: (proof: Proof, token = ''): Promise<Access> => {
      const headers = { authorization: `Bearer ${token}` };
      return accessFrom(post('step-up', proof, { headers }), performance.now());
    },

    /** `null` when there is no session to go on with. */
    refresh: async (): Promise<Access | null> => {
      const sentAtMs = performance.now();
      const answer = await persist<TokenResponse>('refresh').catch(nullIf(400, 401));
      return answer && accessFrom(answer, sentAtMs);
    },

    /** Ends the session of the cookie; and if the browser has kept none, that of the access token. */
    logout: async (token: string | undefined): Promise<void> => {
      const answer = await persist('logout').catch(nullIf(401));
      if (answer === null && token !== undefined) {
        await persist('logout', { authorization: `Bearer ${token}` }).catch(nullIf(401));
      }
    },
  };
}

/** @throws SessionError */
async function read<Body>(answer: Response): Promise<Body> {
  const text = await answer.text();
  if (answer.ok) return (text === '' ? undefined : JSON.parse(text)) as Body;
  const retryAfter = answer.headers.get('retry-after');
  throw new SessionError(
    { code: 'unexpected_answer', ...problemIn(text), status: answer.status },
    retryAfter === null ? undefined : Number(retryAfter),
  );
}

/** A proxy in between may answer with anything. */
function problemIn(text: string): Partial<Problem> {
  try {
    return JSON.parse(text) as Partial<Problem>;
  } catch {
    return {};
  }
}

/** By `Retry-After`, if that is there, and no date. */
const askedPauseMs = (error: unknown): number =>
  error instanceof SessionError ? 1_000 * (error.retryAfterSeconds || 0) : 0;

/** Whether auth has answered, and will say the same again. */
const isFinal = (error: unknown): boolean =>
  error instanceof SessionError && error.problem.status < 500 && error.problem.status !== 429;

/** For `catch`: these statuses are an answer as well. */
const nullIf =
  (...statuses: number[]) =>
  (error: unknown): null => {
    if (error instanceof SessionError && statuses.includes(error.problem.status)) return null;
    throw error;
  };
