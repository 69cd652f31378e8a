import { useEffect, useState } from 'preact/hooks';

import { useLogins } from '../session/use-session.js';
import { useStore } from '../store.js';
import { call } from './api.js';
import { connection } from './connection.js';
import type { ApiError } from './problem.js';

export interface Query<T> {
  /** What was read last. Stays while it is read again, and while auth is away. */
  readonly data: T | undefined;
  /** Why there is nothing newer; not while auth is away or the session is over: both are shown elsewhere. */
  readonly error: ApiError | undefined;
  readonly reload: () => void;
}

const PASSING = ['unreachable', 'session_ended'];

/**
 * Reads a path when the component appears, when auth is back, and when the user has logged in again.
 *
 * @param path `undefined`: nothing is read
 * @param everyMs reads again so long after each answer
 */
export function useQuery<T>(path: string | undefined, everyMs?: number): Query<T> {
  const [state, setState] = useState<{ path?: string; data?: T; error?: ApiError }>({});
  const [reloads, setReloads] = useState(0);
  const { returned } = useStore(connection);
  const logins = useLogins();

  useEffect(() => {
    if (path === undefined) return undefined;
    const ended = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async (): Promise<void> => {
      try {
        const data = await call<T>(path, { signal: ended.signal });
        if (!ended.signal.aborted) setState({ path, data });
      } catch (error) {
        if (ended.signal.aborted) return;
        setState((before) => ({
          ...(before.path === path && before),
          path,
          error: error as ApiError,
        }));
        // A reading that was interrupted starts anew with the connection or the session.
        if (PASSING.includes((error as ApiError).code)) return;
      }
      if (everyMs !== undefined) timer = setTimeout(() => void read(), everyMs);
    };
    void read();
    return () => {
      ended.abort();
      clearTimeout(timer);
    };
  }, [path, everyMs, reloads, returned, logins]);

  const isCurrent = state.path === path;
  const error = isCurrent && state.error && !PASSING.includes(state.error.code);
  return {
    data: isCurrent ? state.data : undefined,
    error: error ? state.error : undefined,
    reload: () => setReloads((count) => count + 1),
  };
}
