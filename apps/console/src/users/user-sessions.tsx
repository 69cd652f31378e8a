import { call, path } from '../api/api.js';
import { useQuery } from '../api/use-query.js';
import { deviceInWords } from '../sessions/device.js';
import { LiveTokens } from '../sessions/live-tokens.js';
import { SessionRow, type ListedSession } from '../sessions/session-row.js';
import { texts } from '../texts.js';
import { Confirm, DialogButton } from '../ui/dialog.js';
import { Card, Rows } from '../ui/page.js';

/** The sessions of another user, to end. */
export function UserSessions({ id }: { readonly id: string }) {
  const list = path('admin', 'users', id, 'sessions');
  const sessions = useQuery<ListedSession[]>(list);
  const end = (which: string) => async () => {
    await call(which, { method: 'DELETE' });
    await sessions.reload();
  };
  return (
    <Card title={texts.sessions.title}>
      <Rows
        items={sessions.data}
        error={sessions.error}
        keyOf={(session) => session.id}
        label={texts.sessions.title}
      >
        {(session) => (
          <SessionRow session={session}>
            <DialogButton
              label={texts.sessions.end}
              name={`${texts.sessions.end}: ${deviceInWords(session.userAgent)}`}
              kind="danger"
            >
              {(close) => (
                <Confirm
                  title={texts.sessions.endOne}
                  label={texts.sessions.end}
                  action={end(`${list}/${session.id}`)}
                  done={texts.sessions.ended}
                  onClose={close}
                >
                  <p>{texts.sessions.endText}</p>
                  <LiveTokens sessionId={session.id} />
                </Confirm>
              )}
            </DialogButton>
          </SessionRow>
        )}
      </Rows>
      {sessions.data && sessions.data.length > 1 && (
        <div class="more">
          <DialogButton label={texts.sessions.endAll} kind="danger">
            {(close) => (
              <Confirm
                title={texts.sessions.endAll}
                label={texts.sessions.endAll}
                action={end(list)}
                done={texts.sessions.endedAll}
                onClose={close}
              >
                <p>{texts.sessions.endUsersText(sessions.data?.length ?? 0)}</p>
                <LiveTokens userId={id} />
              </Confirm>
            )}
          </DialogButton>
        </div>
      )}
    </Card>
  );
}
