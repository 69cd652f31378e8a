import { useState } from 'preact/hooks';

import { usePages } from '../api/use-pages.js';
import { href } from '../routing/route.js';
import { texts } from '../texts.js';
import { Badge, Field, Select } from '../ui/controls.js';
import { More, Page, Rows } from '../ui/page.js';
import { Time } from '../ui/values.js';
import { matches, type AuditEvent } from './audit-event.js';

/** The audit log, filtered as far as it has been read. */
export function AuditPage() {
  const events = usePages<AuditEvent>('admin/audit', { limit: '100' });
  const [domain, setDomain] = useState('');
  const [text, setText] = useState('');
  const found = events.items?.filter((event) => matches(event, domain, text));
  const domains = Object.entries(texts.audit.domains);
  return (
    <Page title={texts.audit.title} about={texts.audit.about}>
      <div class="filters">
        <Select
          label={texts.audit.domain}
          value={domain}
          options={[['', texts.audit.all], ...domains]}
          onChange={setDomain}
        />
        <Field label={texts.audit.search} type="search" value={text} onInput={setText} />
      </div>
      <p class="hint" role="status">
        {found && events.items && texts.audit.found(found.length, events.items.length)}
      </p>
      <Rows items={found} error={events.error} keyOf={({ id }) => id} label={texts.audit.title}>
        {(event) => <EventRow event={event} />}
      </Rows>
      <More pages={events} />
    </Page>
  );
}

function EventRow({ event }: { readonly event: AuditEvent }) {
  const { at, action, actor, subject, address, requestId, detail } = event;
  const isUser = /^(user|sessions?)\./.test(action) && subject;
  return (
    <>
      <p class="row-title">
        <Badge>{action}</Badge>{' '}
        {isUser ? <a href={href(`users/${subject}`)}>{subject}</a> : <span>{subject}</span>}
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
