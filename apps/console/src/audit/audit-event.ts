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

/**
 * @param domain what is before the dot of the action, such as `user`; empty for all
 * @param text anywhere in the event; empty for all
 */
export function matches(event: AuditEvent, domain: string, text: string): boolean {
  if (domain !== '' && event.action.split('.')[0]?.replace(/s$/, '') !== domain) return false;
  const { action, actor, subject, address, requestId, detail } = event;
  const all = [action, actor, subject, address, requestId, JSON.stringify(detail)].join('\n');
  return all.toLowerCase().includes(text.trim().toLowerCase());
}
