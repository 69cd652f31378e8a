import { AsyncLocalStorage } from 'node:async_hooks';

const requestIds = new AsyncLocalStorage<string>();

/** The id of the request that this code runs for. `undefined` outside of any request. */
export function currentRequestId(): string | undefined {
  return requestIds.getStore();
}

/** Runs `work`, and everything it starts, as part of the request with this id. */
export function withRequestId<T>(requestId: string, work: () => T): T {
  // Entering a context that is already there would cost without changing anything.
  return requestIds.getStore() === requestId ? work() : requestIds.run(requestId, work);
}
