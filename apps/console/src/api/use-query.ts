import { useEffect, useRef, useState } from 'preact/hooks';

import { useStore } from '../store.js';
import { call } from './api.js';
import { connection } from './connection.js';
import type { ApiError } from './problem.js';
import { usePrincipals } from './use-session.js';

export interface Query<T> {
  /** What was read last. Stays while it is read again, and while auth is away. */
  readonly data: T | undefined;
  /** Why there is nothing newer; not while auth is away or the session is over: both are shown elsewhere. */
  readonly error: ApiError | undefined;
  /** Reads again. Waits until the answer is shown, or cannot be had now. */
  readonly reload: () => Promise<void>;
}

const PASSING = ['unreachable', 'session_ended'];

/**
 * Reads a path when the component appears, when auth is back, and when another user has logged in, or the same
 * one again or with other roles.
 *
 * @param path `undefined`: nothing is read, and nothing kept
 * @param everyMs reads again so long after each answer
 */
export function useQuery<T>(path: string | undefined, everyMs?: number): Query<T> {
  const [state, setState] = useState<{ path?: string; data?: T; error?: ApiError }>({});
  const [reloads, setReloads] = useState(0);
  const { returned } = useStore(connection);
  const principals = usePrincipals();
  const waiting = useRef<(() => void)[]>([]);

  useEffect(() => {
    if (path === undefined) {
      // It may be of a user who has logged out.
      setState({});
      return endAll(waiting.current);
    }
    // Calls of `reload` from now on wait for the next reading.
    const served = waiting.current.splice(0);
    const ended = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async (): Promise<void> => {
      try {
        const data = await call<T>(path, { signal: ended.signal });
        if (ended.signal.aborted) return;
        setState({ path, data });
        endAll(served);
      } catch (error) {
        if (ended.signal.aborted) return;
        setState((before) => ({
          ...(before.path === path && before),
          path,
          error: error as ApiError,
        }));
        endAll(served);
        // A reading that was interrupted starts anew with the connection or the session.
        if (PASSING.includes((error as ApiError).code)) return;
      }
      if (everyMs !== undefined) timer = setTimeout(() => void read(), everyMs);
    };
    void read();
    return () => {
      ended.abort();
      clearTimeout(timer);
      waiting.current.push(...served);
    };
  }, [path, everyMs, reloads, returned, principals]);

  useEffect(() => () => endAll(waiting.current), []);

  const isCurrent = state.path === path;
  const error = isCurrent && state.error && !PASSING.includes(state.error.code);
  return {
    data: isCurrent ? state.data : undefined,
    error: error ? state.error : undefined,
    reload: () =>
      new Promise((resolve) => {
        waiting.current.push(resolve);
        setReloads((count) => count + 1);
      }),
  };
}

function endAll(waiting: (() => void)[]): void {
  for (const end of waiting.splice(0)) end();
}
