import { useState } from 'preact/hooks';

import { announce } from '../announcements.js';
import { ApiError } from './problem.js';

interface Action {
  readonly isRunning: boolean;
  readonly error: ApiError | undefined;
  /**
   * Does one thing at a time. @returns whether it was done; else `error` says why not
   * @param done what a screen reader says then, and the page for some seconds
   */
  readonly run: (work: () => Promise<unknown>, done?: string) => Promise<boolean>;
  readonly clear: () => void;
}

/** An action of the user. Its error is shown where it was started. */
export function useAction(): Action {
  const [isRunning, setRunning] = useState(false);
  const [error, setError] = useState<ApiError>();
  return {
    isRunning,
    error,
    clear: () => setError(undefined),
    run: async (work, done) => {
      if (isRunning) return false;
      setRunning(true);
      setError(undefined);
      try {
        await work();
        if (done) announce(done);
        return true;
      } catch (failure) {
        if (!(failure instanceof ApiError)) throw failure;
        setError(failure);
        return false;
      } finally {
        setRunning(false);
      }
    },
  };
}
