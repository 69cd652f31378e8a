import { AUTH } from '../place.js';
import { Store, useStore } from '../store.js';
import { announce } from '../ui/announcements.js';
import { identityQuestion } from './identity.js';
import { session } from './session.js';

/**
 * - `unknown`: this browser may have a session; auth is asked.
 * - `none`: nobody has logged in, or the user has logged out.
 * - `ended`: the session was ended elsewhere, or has expired. The pages stay as they are.
 */
export type SessionState = 'unknown' | 'none' | 'open' | 'ended';

export const sessionState = new Store<SessionState>('unknown');

/** How often somebody has logged in here. */
const logins = new Store(0);

session.onChange((principal) => {
  const was = sessionState.value;
  if (!principal) {
    // The next user to log in may be another one.
    identityQuestion.value?.(false);
    return sessionState.set(was === 'open' || was === 'ended' ? 'ended' : 'none');
  }
  if (was !== 'open') logins.set(logins.value + 1);
  sessionState.set('open');
});

/** Changes with each login, so that what failed without one is repeated. */
export const useLogins = () => useStore(logins);

/** What the login page says of how the session ended; empty: nothing. */
export const farewell = new Store('');

/** Other tabs with this console: there, too, nothing stays in sight of a user who wants to leave. */
const tabs = new BroadcastChannel(`console ${AUTH.href}`);
tabs.onmessage = showNothing;

function showNothing(): void {
  sessionState.set('none');
}

/**
 * Ends the session because the user wants it, in all tabs.
 *
 * @param text that the login page shows then
 */
export async function logout(text = ''): Promise<void> {
  farewell.set(text);
  if (text) announce(text);
  showNothing();
  tabs.postMessage('logout');
  await session.logout().catch(() => undefined);
}
