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
import { principalOf, type Principal, type TokenClaims } from './principal.js';

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
  /** Only with an opaque token. */
  readonly access_token_claims?: TokenClaims;
}

/**
 * The first is shorter than auth's window for repeated refreshes (10 s): if an answer is lost, the
 * next attempt still gets the same tokens.
 */
const TIMEOUTS_MS = [8_000, 15_000, 15_000, 15_000, 15_000];
const PAUSES_MS = [300, 1_000, 2_000, 4_000];
/** For all other calls. They are not repeated, and other tabs wait for them. */
const TIMEOUT_MS = 30_000;
/** The code of an answer that is not one of auth: something in between has answered. */
const UNEXPECTED = 'unexpected_answer';
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
      // The browser stores the next cookie even if the user leaves the page.
      keepalive: true,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...init,
      headers: { 'content-type': 'application/json', ...init.headers },
    });
    return read<Body>(answer);
  }

  /** Retries a call that is safe to repeat, until auth answers. */
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
    const {
      access_token: token,
      expires_in: seconds,
      access_token_claims: claims,
    } = await response;
    const principal = principalOf(token, claims);
    if (!principal) throw new SessionError({ code: UNEXPECTED, status: 200 });
    return { token, principal, expiresAtMs: sentAtMs + seconds * 1_000 };
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

    /**
     * Ends the session of the access token and that of the cookie, which may be another one. If auth
     * refuses the token, it ends neither: a second call, without the token, ends that of the cookie.
     */
    logout: async (token: string | undefined): Promise<void> => {
      if (token !== undefined) {
        const headers = { authorization: `Bearer ${token}` };
        if ((await persist('logout', headers).catch(nullIf(401))) !== null) return;
      }
      await persist('logout').catch(nullIf(401));
    },
  };
}

/** @throws SessionError */
async function read<Body>(answer: Response): Promise<Body> {
  const text = await answer.text();
  if (answer.ok) return (text === '' ? undefined : JSON.parse(text)) as Body;
  throw new SessionError(
    { code: UNEXPECTED, ...problemIn(text), status: answer.status },
    retryAfterSeconds(answer.headers),
  );
}

/** A number of seconds, or a date (RFC 9110 section 10.2.3). `undefined` if it is neither. */
function retryAfterSeconds(headers: Headers): number | undefined {
  const text = headers.get('retry-after') ?? '';
  if (/^\d+$/.test(text)) return Number(text);
  // By the clock that the date is of. It is hidden from pages of another origin.
  const nowMs = Date.parse(headers.get('date') ?? '') || Date.now();
  const seconds = Math.max(0, Math.ceil((Date.parse(text) - nowMs) / 1_000));
  // Other text may look like a date, as `1.5`.
  return text.endsWith(' GMT') && !Number.isNaN(seconds) ? seconds : undefined;
}

/** A proxy in between may answer with anything. */
function problemIn(text: string): Partial<Problem> {
  try {
    return JSON.parse(text) as Partial<Problem>;
  } catch {
    return {};
  }
}

/** By `Retry-After`, if that is there. */
const askedPauseMs = (error: unknown): number =>
  error instanceof SessionError ? 1_000 * (error.retryAfterSeconds ?? 0) : 0;

/** Whether auth would give the same answer again. */
const isFinal = (error: unknown): boolean =>
  error instanceof SessionError && error.problem.status < 500 && error.problem.status !== 429;

/** For `catch`: these statuses are an answer as well. */
const nullIf =
  (...statuses: number[]) =>
  (error: unknown): null => {
    if (error instanceof SessionError && statuses.includes(error.problem.status)) return null;
    throw error;
  };
