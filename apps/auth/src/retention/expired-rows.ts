import type { ExpiredRows } from '@jwt-auth/chassis';

// A day late: nothing is removed early by a clock that was wrong for an hour, and a client that
// comes late is told what expired rather than that it never was. Unless said otherwise.

/**
 * In the order in which they are removed: a session takes its tokens along, and there should be few
 * left by then. The audit log is kept.
 */
export const EXPIRED_ROWS: readonly ExpiredRows[] = [
  {
    table: 'refresh_tokens',
    condition: `expires_at < now() - interval '1 day'
      AND access_token_expires_at < now() - interval '1 day'`,
    age: 'expires_at',
  },
  {
    // Nothing depends on the tokens of a session that has ended: they are refused in the same words
    // as unknown ones. Sessions of the last two days, so that not all of them are looked at each time.
    table: 'refresh_tokens',
    condition: `access_token_expires_at < now() - interval '1 hour' AND session_id IN (
      SELECT id FROM sessions
      WHERE ended_at BETWEEN now() - interval '2 days' AND now() - interval '1 hour')`,
    age: 'expires_at',
  },
  { table: 'sessions', condition: `expires_at < now() - interval '1 day'`, age: 'expires_at' },
  {
    table: 'revoked_tokens',
    condition: `exp < extract(epoch FROM now() - interval '1 day')::bigint`,
    age: 'exp',
  },
  {
    // With claims of up to 64 KiB. One that has expired is refused in the same words as one that
    // never was.
    table: 'reference_tokens',
    condition: `expires_at < now() - interval '1 minute'`,
    age: 'expires_at',
  },
  {
    table: 'login_limits',
    condition: `forgotten_at < now() - interval '1 day'`,
    age: 'forgotten_at',
  },
  {
    // A user who has not logged in from a network for half a year is a stranger there.
    table: 'known_networks',
    condition: `last_login_at < now() - interval '180 days'`,
    age: 'last_login_at',
  },
];
