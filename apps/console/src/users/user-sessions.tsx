import { call, path } from '../api/api.js';
import { useQuery } from '../api/use-query.js';
import { LiveTokens } from '../sessions/live-tokens.js';
import { SessionList, type ListedSession } from '../sessions/session-list.js';
import { texts } from '../texts.js';
import { ConfirmButton } from '../ui/dialog.js';
import { Card } from '../ui/page.js';

/** The sessions of another user, to end. */
export function UserSessions({ id }: { readonly id: string }) {
  const list = path('admin', 'users', id, 'sessions');
  const sessions = useQuery<ListedSession[]>(list);
  const count = sessions.data?.length ?? 0;
  const end = async (which: string) => {
    await call(which, { method: 'DELETE' });
    await sessions.reload();
  };
  return (
    <Card title={texts.sessions.title}>
      <SessionList sessions={sessions} end={(session) => end(`${list}/${session.id}`)}>
        {(session) => <LiveTokens sessionId={session.id} />}
      </SessionList>
      {count > 1 && (
        <div class="more">
          <ConfirmButton says={texts.sessions.endAll(count)} action={() => end(list)}>
            <LiveTokens userId={id} />
          </ConfirmButton>
        </div>
      )}
    </Card>
  );
}
