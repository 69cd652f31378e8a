import { announce } from '../announcements.js';
import { AUTH } from '../place.js';
import { Store, useStore } from '../store.js';
import { texts } from '../texts.js';
import { identityQuestion } from './identity.js';
import { session } from './session.js';

/**
 * - `unknown`: this browser may have a session; auth is asked.
 * - `none`: nobody has logged in, or the user has logged out.
 * - `ended`: the session was ended elsewhere, or has expired. The pages stay as they are.
 */
type SessionState = 'unknown' | 'none' | 'open' | 'ended';

export const sessionState = new Store<SessionState>('unknown');

/** The id of the user who has logged in, or had until the session ended. */
export const userId = new Store<string | undefined>(undefined);

/** How often a user has logged in here, or has got other rights. */
const principals = new Store(0);

session.onChange((principal) => {
  const was = sessionState.value;
  if (!principal) {
    // The next user to log in may be another one.
    identityQuestion.value?.(false);
    return sessionState.set(was === 'open' || was === 'ended' ? 'ended' : 'none');
  }
  farewell.set('');
  userId.set(principal.subject);
  principals.set(principals.value + 1);
  sessionState.set('open');
});

/** Changes with each principal: what failed, or was an answer to another one, is read again. */
export const usePrincipals = () => useStore(principals);

/** What the login page says of how the session ended; empty: nothing. */
export const farewell = new Store('');

/** The other tabs with this console: a logout clears them, too. */
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
  // A text says that auth has ended the session already.
  await session.logout().catch(() => {
    if (!text) farewell.set(texts.logoutFailed);
  });
}
