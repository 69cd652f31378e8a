/** A line of the audit log. */
export interface AuditEvent {
  readonly id: string;
  readonly at: string;
  readonly action: string;
  readonly actor: string | null;
  readonly subject: string | null;
  readonly address: string | null;
  readonly requestId: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

type Concerned = Pick<AuditEvent, 'action' | 'actor' | 'subject' | 'detail'>;

/** The id of the user whom an event concerns, if it is about a user. */
export function userOf({ action, actor, subject, detail }: Concerned): string | null {
  if (/^(user|sessions)\./.test(action)) return subject;
  if (!action.startsWith('session.')) return null;
  // The subject is the session, if there was one. An administrator may have ended it.
  return typeof detail['userId'] === 'string' ? detail['userId'] : (actor ?? subject);
}
