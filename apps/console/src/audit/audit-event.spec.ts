import { expect, it } from 'vitest';

import { matches, type AuditEvent } from './audit-event.js';

const EVENT: AuditEvent = {
  id: '1',
  at: '2026-11-26T00:00:00.000Z',
  action: 'sessions.ended',
  actor: 'Ada-1',
  subject: null,
  address: '10.0.0.1',
  requestId: 'req-7',
  detail: { reason: 'disabled' },
};

it.each([
  ['', '', true],
  ['session', '', true],
  ['user', '', false],
  ['', 'ada', true],
  ['', ' DISABLED ', true],
  ['', 'req-7', true],
  ['session', 'bob', false],
])('of the domain "%s" with the text "%s": %s', (domain, text, isMatch) => {
  expect(matches(EVENT, domain, text)).toBe(isMatch);
});
