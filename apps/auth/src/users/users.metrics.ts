import { counters, gauge, type MetricSource } from '@jwt-auth/chassis';

import { outcomeMetrics } from '../outcomes.js';
import type { BreachedPasswords } from './breached-passwords.js';
import type { CredentialsService } from './credentials.service.js';
import type { PasswordHasher } from './password-hasher.js';

/** Logins, checks of new passwords, and the load of password hashing. */
export function loginMetrics(
  login: CredentialsService,
  hasher: PasswordHasher,
  breached: BreachedPasswords,
): MetricSource {
  return (registry) => {
    outcomeMetrics(
      'auth_logins_total',
      'Checks of an e-mail and its password, by outcome',
      login.outcomes,
    )(registry);
    counters(
      registry,
      {
        name: 'auth_breached_password_checks_total',
        help: 'Checks of new passwords against BREACHED_PASSWORDS_URL. unavailable: passed unchecked',
        label: 'outcome',
      },
      () => breached.outcomes,
    );
    gauge(
      registry,
      { name: 'auth_password_hashes_running', help: 'Password hashes that are being computed' },
      () => hasher.load.running,
    );
    gauge(
      registry,
      {
        name: 'auth_password_hashes_waiting',
        help: 'Requests that wait for their turn to hash. Beyond 64 they are refused with 429',
      },
      () => hasher.load.waiting,
    );
  };
}
