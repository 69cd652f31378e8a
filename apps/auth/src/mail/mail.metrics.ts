import { counters, type MetricSource } from '@jwt-auth/chassis';

import type { MailSender } from './mail-sender.js';

/** Mail, as far as this process sends it. */
export function mailMetrics(sender: MailSender): MetricSource {
  return (registry) => {
    counters(
      registry,
      {
        name: 'auth_mails_total',
        help: 'Attempts to send a mail, by outcome. failed: tried again. dead: given up after a day',
        label: 'outcome',
      },
      () => sender.outcomes,
    );
  };
}
