import { expect, it } from 'vitest';

import { userOf } from './audit-event.js';

const detail = { userId: 'ada' };

it.each([
  ['user.disabled', 'admin', 'ada', {}],
  ['sessions.ended', 'admin', 'ada', {}],
  ['session.started', 'ada', 'session', {}],
  ['session.ended', 'admin', 'session', detail],
  ['session.refresh_token_reused', null, 'session', detail],
  ['session.second_factor_refused', null, 'ada', {}],
])('%s by %s concerns the user', (action, actor, subject, more) => {
  expect(userOf({ action, actor, subject, detail: more })).toBe('ada');
});

it('an event of something else concerns no user', () => {
  const event = { action: 'role.changed', actor: 'admin', subject: 'clerk', detail: {} };
  expect(userOf(event)).toBeNull();
});
