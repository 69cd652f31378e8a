import { Store, useStore } from '../store.js';
import { session } from './session.js';

/**
 * - `none`: nobody has logged in, or the user has logged out.
 * - `ended`: the session was ended elsewhere, or has expired. The pages stay as they are.
 */
export type SessionState = 'none' | 'open' | 'ended';

export const sessionState = new Store<SessionState>(session.principal ? 'open' : 'none');

/** How often somebody has logged in here. */
const logins = new Store(0);

session.onChange(() => {
  const was = sessionState.value;
  if (!session.principal) return sessionState.set(was === 'open' ? 'ended' : was);
  if (was !== 'open') logins.set(logins.value + 1);
  sessionState.set('open');
});

/** Changes with each login, so that what failed without one is repeated. */
export const useLogins = () => useStore(logins);

/** Ends the session because the user wants it. */
export async function logout(): Promise<void> {
  sessionState.set('none');
  await session.logout().catch(() => undefined);
}
