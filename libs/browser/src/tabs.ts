import type { Principal } from './principal.js';

/** An access token, as one tab hands it to the others. */
export interface SharedToken {
  readonly token: string;
  readonly principal: Principal;
  /** For how long it is still good. Not a time: clocks of tabs may differ, and jump. */
  readonly lifeMs: number;
  /** From a login: it counts whatever another tab has. */
  readonly isLogin?: boolean;
  /** From a step-up: it says more than another one of its session, whichever expires later. */
  readonly isStepUp?: boolean;
}

/**
 * What tabs say: here is a token; who has one that is not `stale`?; there is no session; the user has logged
 * out, which also ends what other tabs have begun.
 */
export type Message =
  | SharedToken
  | { readonly ask: true; readonly stale?: string }
  | 'over'
  | 'logout';

/** The tabs and windows of this origin that use the same issuer. */
export interface Tabs {
  post(message: Message): void;
  /** Runs `work` while no other tab runs any: tabs of one browser share one cookie. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  close(): void;
}

export function joinTabs(name: string, onMessage: (message: Message) => void): Tabs {
  const channel = new BroadcastChannel(name);
  channel.onmessage = ({ data }: MessageEvent<Message>) => onMessage(data);
  // Absent without TLS. The server gives the same answer to tabs that refresh at the same moment.
  const { locks } = navigator as { locks?: LockManager };
  return {
    post: (message) => channel.postMessage(message),
    alone: (work) => (locks ? locks.request(name, work) : work()),
    close: () => channel.close(),
  };
}
