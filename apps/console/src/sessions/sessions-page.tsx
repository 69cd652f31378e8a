import { call, path } from '../api/api.js';
import { useQuery } from '../api/use-query.js';
import { logout } from '../session/use-session.js';
import { texts } from '../texts.js';
import { ConfirmButton } from '../ui/dialog.js';
import { Page } from '../ui/page.js';
import { SessionList, type ListedSession } from './session-list.js';

/** The user's own sessions. */
export function SessionsPage() {
  const sessions = useQuery<ListedSession[]>('auth/sessions');
  const count = sessions.data?.length ?? 0;
  const end = async ({ id, current }: ListedSession) => {
    if (current) return logout();
    await call(path('auth', 'sessions', id), { method: 'DELETE' });
    await sessions.reload();
  };
  const endAll = async () => {
    await call('auth/logout-everywhere', { method: 'POST' });
    await logout();
  };
  const says = { ...texts.sessions.endAll(count), text: texts.sessions.endAllOwnText(count) };
  return (
    <Page
      title={texts.sessions.title}
      about={texts.sessions.about}
      actions={<ConfirmButton says={says} action={endAll} />}
    >
      <SessionList sessions={sessions} end={end} />
    </Page>
  );
}
