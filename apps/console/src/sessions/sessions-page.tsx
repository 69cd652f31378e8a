import type { ComponentChildren } from 'preact';

import { call, path } from '../api/api.js';
import { useQuery, type Query } from '../api/use-query.js';
import { logout } from '../api/use-session.js';
import { texts } from '../texts.js';
import { Badge } from '../ui/controls.js';
import { ConfirmButton } from '../ui/dialog.js';
import { Page, Rows } from '../ui/page.js';
import { Time } from '../ui/values.js';
import { deviceInWords, placeInWords } from './device.js';

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

/** A session, as auth lists it. */
export interface ListedSession {
  readonly id: string;
  readonly createdAt: string;
  readonly lastUsedAt: string;
  readonly expiresAt: string;
  readonly ip: string;
  readonly userAgent: string | null;
  readonly current?: boolean;
}

interface SessionListProps {
  readonly sessions: Query<ListedSession[]>;
  readonly end: (session: ListedSession) => Promise<unknown>;
  /** What else is said before one ends. */
  readonly children?: (session: ListedSession) => ComponentChildren;
}

/** Sessions, each to end. */
export function SessionList({ sessions: { data, error }, end, children }: SessionListProps) {
  const says = ({ current }: ListedSession) =>
    current ? { ...texts.sessions.end, text: texts.sessions.endCurrentText } : texts.sessions.end;
  return (
    <Rows items={data} error={error} keyOf={({ id }) => id} label={texts.sessions.title}>
      {(session) => (
        <div class="row">
          <div class="grow">
            <p class="row-title" title={session.userAgent ?? undefined}>
              {deviceInWords(session.userAgent)}{' '}
              {session.current && <Badge tone="accent">{texts.sessions.current}</Badge>}
            </p>
            <p class="hint">
              {placeInWords(session.ip)} · {texts.sessions.used} <Time at={session.lastUsedAt} /> ·{' '}
              {texts.sessions.begun} <Time at={session.createdAt} /> · {texts.sessions.ends}{' '}
              <Time at={session.expiresAt} />
            </p>
          </div>
          <div class="buttons">
            <ConfirmButton
              says={says(session)}
              subject={deviceInWords(session.userAgent)}
              action={() => end(session)}
            >
              {children?.(session)}
            </ConfirmButton>
          </div>
        </div>
      )}
    </Rows>
  );
}
