import { SessionError, type Session, type SessionOptions } from './api.js';
import { authServer, type Access } from './auth-server.js';
import type { Principal } from './principal.js';
import { joinTabs, type Message, type SharedToken } from './tabs.js';

/** How long another tab has to answer. */
const ANSWER_MS = 100;
/** At most. For tokens with a short life, a fifth of it. */
const REFRESH_AHEAD_MS = 60_000;
const TIMER_SLACK_MS = 5;

/**
 * Resumes the session of this browser, if there is one. The access token is in memory alone, and the
 * refresh token in a cookie that no script can read.
 */
export function createSession({ issuer }: SessionOptions): Session {
  const base = issuer.replace(/\/+$/, '');
  const auth = authServer(base);
  const tabs = joinTabs(`jwt-auth ${base}`, receive);
  const listeners = new Set<(principal: Principal | null) => void>();
  let principal: Principal | null | undefined;
  let access: (Access & { readonly refreshAtMs: number }) | undefined;
  /** Refused by a service, or to be replaced. */
  let stale: string | undefined;
  let renewing: Promise<void> | undefined;
  let answered: (() => void) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Grows when a session ends: answers to earlier requests no longer count. */
  let ends = 0;
  /** The session that ended last: a logout of it may wait for its turn behind a refresh. */
  let endedId: string | undefined;
  /** Grows when the user logs out, in any tab, or this one closes: the token of a login under way is dropped. */
  let leaves = 0;

  const isUsable = () =>
    access !== undefined && access.token !== stale && performance.now() < access.refreshAtMs;

  function keep(next: Access): void {
    const lifeMs = next.expiresAtMs - performance.now();
    const aheadMs = Math.min(REFRESH_AHEAD_MS, lifeMs / 5);
    access = { ...next, refreshAtMs: next.expiresAtMs - aheadMs };
    clearTimeout(timer);
    // A little later, because timers round down.
    timer = setTimeout(renewIfVisible, lifeMs - aheadMs + TIMER_SLACK_MS);
    change(next.principal);
  }

  function share(origin: Pick<SharedToken, 'isLogin' | 'isStepUp'> = {}): void {
    if (!access) return;
    const { token, principal, expiresAtMs } = access;
    tabs.post({ token, principal, lifeMs: expiresAtMs - performance.now(), ...origin });
  }

  function end(): void {
    ends += 1;
    endedId = principal?.sessionId ?? endedId;
    access = undefined;
    clearTimeout(timer);
    change(null);
  }

  function leave(): void {
    leaves += 1;
    end();
  }

  function change(next: Principal | null): void {
    const isSame = JSON.stringify(next) === JSON.stringify(principal);
    principal = next;
    if (isSame) return;
    // In a microtask, so that an error of a listener does not stop this.
    listeners.forEach((listener) => queueMicrotask(() => listener(next)));
  }

  function receive(message: Message): void {
    if (message === 'logout') leave();
    else if (message === 'over') end();
    else if ('ask' in message) {
      if (isUsable() && access?.token !== message.stale) share();
    } else receiveToken(message);
  }

  function receiveToken({ token, principal, lifeMs, isLogin, isStepUp }: SharedToken): void {
    const expiresAtMs = performance.now() + lifeMs;
    // A tab that was frozen may have an older one, or may not know yet that the session is over.
    const isNewer = !isUsable() || expiresAtMs > (access?.expiresAtMs ?? 0);
    const isBetter = isStepUp && principal.sessionId === access?.principal.sessionId;
    const isOver = token === stale || principal.sessionId === endedId;
    if (!isLogin && (isOver || !(isNewer || isBetter))) return;
    keep({ token, principal, expiresAtMs });
    answered?.();
  }

  /** Keeps and shares what `call` gets, unless the user has logged out since. */
  function begin(
    call: () => Promise<Access>,
    origin: Parameters<typeof share>[0] = { isLogin: true },
  ): Promise<Principal> {
    const before = leaves;
    return tabs.alone(async () => {
      const next = await call();
      if (leaves === before) {
        keep(next);
        share(origin);
      }
      return next.principal;
    });
  }

  /** One at a time in this tab, and in all tabs. */
  function renew(): Promise<void> {
    renewing ??= tabs.alone(findToken).finally(() => (renewing = undefined));
    return renewing;
  }

  /** After the refusal of a token, unless there is another one already. */
  function replace(token: string): Promise<void> {
    if (access?.token === token) stale = token;
    return renew();
  }

  async function findToken(): Promise<void> {
    if (isUsable()) return;
    const before = ends;
    await askOthers();
    if (isUsable() || ends !== before) return;
    const next = await auth.refresh();
    if (ends !== before) return;
    if (!next) {
      end();
      tabs.post('over');
    } else if (next.principal.sessionId !== endedId) {
      keep(next);
      share();
    }
  }

  function askOthers(): Promise<void> {
    tabs.post({ ask: true, stale });
    return new Promise((resolve) => {
      answered = resolve;
      setTimeout(resolve, ANSWER_MS);
    });
  }

  /** A hidden page does not refresh: its session may expire, as if nobody used it. */
  function renewIfVisible(): void {
    if (principal === null || isUsable() || document.visibilityState === 'hidden') return;
    // Errors are ignored here: the next call tries again, and reports its own.
    renew().catch(() => undefined);
  }

  document.addEventListener('visibilitychange', renewIfVisible);
  renewIfVisible();

  return {
    get principal() {
      return principal;
    },

    login: (credentials) => begin(() => auth.login(credentials)),

    loginWithPasskey: (credentials) => begin(() => auth.loginWithPasskey(credentials)),

    loginWithFactor: (proof) => begin(() => auth.loginWithFactor(proof)),

    stepUp: async (proof) => {
      if (!isUsable()) await renew();
      let sent = access;
      const attempt = () =>
        begin(() => auth.stepUp(proof, (sent = access)?.token), { isStepUp: true });
      try {
        return await attempt();
      } catch (error) {
        if (!sent || !isTokenRefusal(error)) throw error;
        await replace(sent.token);
        // The proof is of the user of that session.
        if (sent.principal.sessionId !== access?.principal.sessionId) throw error;
        return attempt();
      }
    },

    logout: () => {
      const token = access?.token;
      leave();
      tabs.post('logout');
      return tabs.alone(() => auth.logout(token));
    },

    renew: async () => {
      const token = access?.token;
      stale = token;
      try {
        await renew();
      } catch (error) {
        // The token is still good: `fetch` goes on with it.
        if (stale === token) stale = undefined;
        throw error;
      }
      return access?.token;
    },

    fetch: async (input, init) => {
      const request = new Request(input, init);
      if (principal !== null && !isUsable()) {
        await renew().catch((error: unknown) => {
          // Auth is away, but the token is still good for a moment.
          if (!access || performance.now() > access.expiresAtMs) throw error;
        });
      }
      const token = access?.token;
      const answer = await fetchWith(token, request.clone());
      if (token === undefined || !isRefusal(answer)) return answer;
      await replace(token);
      return access ? fetchWith(access.token, request) : answer;
    },

    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    close: () => {
      document.removeEventListener('visibilitychange', renewIfVisible);
      listeners.clear();
      tabs.close();
      clearTimeout(timer);
      access = undefined;
      leaves += 1;
      ends += 1;
    },
  };
}

function fetchWith(token: string | undefined, request: Request): Promise<Response> {
  if (token === undefined) return fetch(request);
  const headers = new Headers(request.headers);
  headers.set('authorization', `Bearer ${token}`);
  return fetch(new Request(request, { headers }));
}

/** Whether auth refused the access token, and not the proof. */
const isTokenRefusal = (error: unknown): boolean =>
  error instanceof SessionError && error.problem.status === 401 && error.code.startsWith('token_');

/** Whether it is about the token (RFC 6750 section 3.1), as far as the service lets pages see that. */
function isRefusal({ status, headers }: Response): boolean {
  const challenge = headers.get('www-authenticate') ?? 'invalid_token';
  return status === 401 && challenge.includes('invalid_token');
}
