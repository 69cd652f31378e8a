import type { ComponentChildren } from 'preact';

import { texts } from '../texts.js';
import { Badge } from '../ui/controls.js';
import { Time } from '../ui/values.js';
import { deviceInWords, placeInWords } from './device.js';

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

interface SessionRowProps {
  readonly session: ListedSession;
  /** What can be done with it. */
  readonly children: ComponentChildren;
}

export function SessionRow({ session, children }: SessionRowProps) {
  return (
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
      <div class="buttons">{children}</div>
    </div>
  );
}
