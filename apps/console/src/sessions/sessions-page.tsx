import { call, path } from '../api/api.js';
import { useQuery } from '../api/use-query.js';
import { logout } from '../session/use-session.js';
import { texts } from '../texts.js';
import { Confirm, DialogButton } from '../ui/dialog.js';
import { Page, Rows } from '../ui/page.js';
import { SessionRow, type ListedSession } from './session-row.js';
import { deviceInWords } from './device.js';

/** The user's own sessions. */
export function SessionsPage() {
  const sessions = useQuery<ListedSession[]>('auth/sessions');
  const endAll = async () => {
    await call('auth/logout-everywhere', { method: 'POST' });
    await logout();
  };
  return (
    <Page
      title={texts.sessions.title}
      about={texts.sessions.about}
      actions={
        <DialogButton label={texts.sessions.endAll} kind="danger">
          {(close) => (
            <Confirm
              title={texts.sessions.endAll}
              label={texts.sessions.endAll}
              action={endAll}
              done={texts.sessions.endedAll}
              onClose={close}
            >
              {texts.sessions.endAllText(sessions.data?.length ?? 0)}
            </Confirm>
          )}
        </DialogButton>
      }
    >
      <Rows
        items={sessions.data}
        error={sessions.error}
        keyOf={({ id }) => id}
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
                  action={async () => {
                    if (session.current) return logout();
                    await call(path('auth', 'sessions', session.id), { method: 'DELETE' });
                    await sessions.reload();
                  }}
                  done={texts.sessions.ended}
                  onClose={close}
                >
                  {session.current ? texts.sessions.endCurrentText : texts.sessions.endText}
                </Confirm>
              )}
            </DialogButton>
          </SessionRow>
        )}
      </Rows>
    </Page>
  );
}
