import {
  addressFromHere,
  base64Key,
  choice,
  duration,
  flag,
  httpUrl,
  isExposedHttp,
  issuerProblem,
  port,
  postgresUrl,
  SERVICE_SETTINGS,
  text,
  TOKEN_SETTINGS,
  wholeNumber,
} from '@jwt-auth/chassis';
import { MAX_TOKEN_LIFETIME_MS } from '@jwt-auth/jwt-core';
import { z } from 'zod';

import {
  accessModelSetting,
  repeatedAudiences,
  type AccessModelFile,
} from './access/access-model-file.js';
import { mailFrom, smtpUrl } from './mail/mail-setting.js';
import { MailTemplates } from './mail/mail-templates.js';
import { NewPassword } from './passwords.js';

const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const AUDIT_TOO_SHORT = 'must be at least 1d in production';

/** The environment variables of the auth app, with their rules and defaults. */
export const Settings = z
  .object({
    ...SERVICE_SETTINGS,
    ...TOKEN_SETTINGS,
    DATABASE_APP_ROLE: text(63).optional(),
    AUTH_PORT: port().optional(),
    AUTH_METRICS_PORT: port().optional(),
    DATABASE_URL: postgresUrl(),
    EMBEDDED_POSTGRES_DIR: text(4096).default('.data/postgres'),
    ACCESS_MODEL: accessModelSetting().optional(),
    // A verifier refuses a token that lives longer.
    ACCESS_TOKEN_TTL: duration('1s', MAX_TOKEN_LIFETIME_MS).default(HOUR / 4),
    REFRESH_TOKEN_TTL: duration('1s').default(30 * DAY),
    SESSION_TTL: duration('1s').default(90 * DAY),
    REFRESH_RETRY_WINDOW: duration('0s', '10m').default(10_000),
    SIGNING_KEY_ROTATION: duration('1s').default(30 * DAY),
    SIGNING_KEY_PUBLISH_AHEAD: duration('0s').default(DAY),
    KEY_ENCRYPTION_KEY: base64Key(32).optional(),
    KEY_ENCRYPTION_KEY_PREVIOUS: base64Key(32).optional(),
    SEED_DEMO: flag().optional(),
    DEMO_PASSWORD: text(128).default('correct horse battery staple'),
    DEMO_CLIENT_SECRET: text().optional(),
    SESSIONS_PER_USER: wholeNumber(1, 10_000).default(100),
    REGISTRATION: choice('open', 'closed').default('open'),
    REGISTRATION_LIMIT: wholeNumber(1, 1_000_000).default(300),
    BREACHED_PASSWORDS_URL: httpUrl().optional(),
    PASSWORD_WORDS: text(4096).optional(),
    EMAIL_VERIFICATION: choice('required', 'optional').optional(),
    ACCOUNT_PAGES: httpUrl().optional(),
    AUDIT_RETENTION: duration('1s', '36500d').default(400 * DAY),
    SMTP_URL: smtpUrl().optional(),
    MAIL_FROM: mailFrom().optional(),
    MAIL_TEMPLATES: text(4096).optional(),
    CONSOLE: flag().default(true),
  })
  .superRefine(
    (settings, context) => {
      const refuse = (variable: keyof typeof settings, message: string): void =>
        context.addIssue({ code: 'custom', path: [variable], message });
      const demoPassword = NewPassword.safeParse(settings.DEMO_PASSWORD);
      if (isSeeded(settings) && demoPassword.error) {
        for (const { message } of demoPassword.error.issues) refuse('DEMO_PASSWORD', message);
      }
      // A file that was refused is no model.
      const { resources = [] } = (settings.ACCESS_MODEL ?? {}) as Partial<AccessModelFile>;
      for (const fault of repeatedAudiences(resources, settings.AUDIENCE)) {
        refuse('ACCESS_MODEL', fault);
      }
      if (resources.some(({ audience }) => audience === issuerOf(settings))) {
        refuse('ACCESS_MODEL', 'the audience of ISSUER is auth itself: it is there in any case');
      }
      if (settings.EMAIL_VERIFICATION === 'required' && !settings.SMTP_URL) {
        refuse('EMAIL_VERIFICATION', 'required needs SMTP_URL');
      }
      // One that was refused may be anything.
      const MAIL_TEMPLATES: unknown = settings.MAIL_TEMPLATES;
      if (typeof MAIL_TEMPLATES === 'string') {
        new MailTemplates(MAIL_TEMPLATES).problems.forEach((fault) =>
          refuse('MAIL_TEMPLATES', fault),
        );
      }
      // An issuer that was refused may be anything.
      if (String(issuerOf(settings)).includes(';')) {
        refuse('ISSUER', 'must have no semicolon, which would end the path of its cookies');
      }
      if (settings.NODE_ENV !== 'production') return;
      if (settings.SMTP_URL && settings.MAIL_FROM === undefined) {
        refuse('MAIL_FROM', 'is required with SMTP_URL in production');
      }
      if (settings.KEY_ENCRYPTION_KEY === undefined) {
        refuse('KEY_ENCRYPTION_KEY', 'is required in production');
      }
      // What is removed is gone for good: a wrong unit should not do it.
      if (settings.AUDIT_RETENTION < DAY) refuse('AUDIT_RETENTION', AUDIT_TOO_SHORT);
      if (settings.SEED_DEMO) refuse('SEED_DEMO', 'demo users are refused in production');
      if (settings.DEMO_CLIENT_SECRET !== undefined) {
        refuse('DEMO_CLIENT_SECRET', 'a demo client is refused in production');
      }
      // Who changes the answers on the way decides which passwords are refused.
      if (isExposedHttp(String(settings.BREACHED_PASSWORDS_URL))) {
        refuse('BREACHED_PASSWORDS_URL', 'must be https in production');
      }
      const fault = issuerProblem(issuerOf(settings), settings);
      if (fault !== undefined) refuse('ISSUER', fault);
    },
    // Also beside other problems, so that all are listed at once.
    { when: () => true },
  );

export type Settings = z.infer<typeof Settings>;

/** Whether demo users are created. */
export function isSeeded({
  SEED_DEMO,
  NODE_ENV,
}: Pick<Settings, 'SEED_DEMO' | 'NODE_ENV'>): boolean {
  return SEED_DEMO ?? NODE_ENV !== 'production';
}

/** As it is set, or else where a service on the same machine finds auth. */
export function issuerOf(settings: ListenSettings & Pick<Settings, 'ISSUER' | 'HOST'>) {
  return settings.ISSUER ?? addressFromHere({ host: settings.HOST, port: portOf(settings) });
}

type ListenSettings = Pick<Settings, 'AUTH_PORT' | 'PORT'>;

export function portOf({ AUTH_PORT, PORT }: ListenSettings): number {
  return AUTH_PORT ?? PORT ?? 3000;
}
