import { useState } from 'preact/hooks';

import { useDelayed, usePages } from '../api/use-pages.js';
import { href } from '../routing/route.js';
import { texts } from '../texts.js';
import { Badge, Field, Select } from '../ui/controls.js';
import { More, Page, Rows } from '../ui/page.js';
import { Time } from '../ui/values.js';
import { userOf, type AuditEvent } from './audit-event.js';

/** The audit log, filtered by auth. */
export function AuditPage() {
  const [action, setAction] = useState('');
  const [actor, setActor] = useState('');
  const [subject, setSubject] = useState('');
  const events = usePages<AuditEvent>('admin/audit', {
    action,
    actor: useDelayed(actor.trim()),
    subject: useDelayed(subject.trim()),
  });
  const domains = Object.entries(texts.audit.domains);
  return (
    <Page title={texts.audit.title} about={texts.audit.about}>
      <div class="filters">
        <Select
          label={texts.audit.domain}
          value={action}
          options={[['', texts.audit.all], ...domains]}
          onChange={setAction}
        />
        <Field label={texts.audit.actor} type="search" value={actor} onInput={setActor} />
        <Field label={texts.audit.subject} type="search" value={subject} onInput={setSubject} />
      </div>
      <Rows
        items={events.items}
        error={events.error}
        keyOf={({ id }) => id}
        label={texts.audit.title}
      >
        {(event) => <EventRow event={event} />}
      </Rows>
      <More pages={events} />
    </Page>
  );
}

function EventRow({ event }: { readonly event: AuditEvent }) {
  const { at, action, actor, subject, address, requestId, detail } = event;
  const userId = userOf(event);
  return (
    <>
      <p class="row-title">
        <Badge>{action}</Badge>{' '}
        {userId ? <a href={href(`users/${userId}`)}>{subject}</a> : <span>{subject}</span>}
      </p>
      <p class="hint">
        <Time at={at} /> · {texts.audit.by}{' '}
        {actor === subject ? texts.audit.self : (actor ?? texts.audit.nobody)}
        {address && ` · ${texts.audit.from} ${address}`}
        {requestId && ` · ${requestId}`}
      </p>
      {Object.keys(detail).length > 0 && <code>{JSON.stringify(detail)}</code>}
    </>
  );
}
