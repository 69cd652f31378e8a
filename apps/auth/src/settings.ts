import { dirname } from 'node:path';

import {
  addressFromHere,
  base64Key,
  choice,
  duration,
  flag,
  httpUrl,
  isExposedHttp,
  isProduction,
  issuerProblem,
  parseSettings,
  port,
  postgresUrl,
  SERVICE_SETTINGS,
  SettingsError,
  text,
  TOKEN_SETTINGS,
  versionIn,
  wholeNumber,
  type Environment,
} from '@jwt-auth/chassis';
import { MAX_TOKEN_LIFETIME_MS } from '@jwt-auth/jwt-core';
import { z } from 'zod';

import { accessModelSetting, repeatedAudiences } from './access/access-model-file.js';
import development from './access/development.json' with { type: 'json' };
import { Config, type AccessModelFile, type FirstAccessModel } from './config.js';
import { mailFrom, smtpUrl } from './mail/mail-setting.js';
import { MailTemplates } from './mail/mail-templates.js';
import { NewPassword } from './credentials/passwords.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const AUDIT_TOO_SHORT = 'must be at least 1d in production';

/** The environment variables of the auth app, with their rules and defaults. */
const Settings = z
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

type Settings = z.infer<typeof Settings>;

/** Whether demo users are created. */
function isSeeded({ SEED_DEMO, NODE_ENV }: Pick<Settings, 'SEED_DEMO' | 'NODE_ENV'>): boolean {
  return SEED_DEMO ?? NODE_ENV !== 'production';
}

/** As it is set, or else where a service on the same machine finds auth. */
function issuerOf(settings: ListenSettings & Pick<Settings, 'ISSUER' | 'HOST'>) {
  return settings.ISSUER ?? addressFromHere({ host: settings.HOST, port: portOf(settings) });
}

type ListenSettings = Pick<Settings, 'AUTH_PORT' | 'PORT'>;

function portOf({ AUTH_PORT, PORT }: ListenSettings): number {
  return AUTH_PORT ?? PORT ?? 3000;
}

function accessModelOf({ ACCESS_MODEL: model, NODE_ENV }: Settings): FirstAccessModel {
  if (model) return { source: 'ACCESS_MODEL', model };
  if (NODE_ENV !== 'production') return { source: 'development', model: development };
  return { source: 'none', model: { resources: [], roles: [] } };
}

const version = versionIn(new URL('../package.json', import.meta.url));

const withoutSlash = (url: string): string => url.replace(/\/+$/, '');

/** @throws SettingsError with every problem listed */
export function readConfig(environment: Environment = process.env): Config {
  const warnings: string[] = [];
  const settings = parseSettings(Settings, environment, (message) => warnings.push(message));
  const issuer = issuerOf(settings);
  if (settings.NODE_ENV === 'production' && !settings.SMTP_URL) {
    warnings.push(
      'SMTP_URL is not set: nobody can verify an e-mail address or recover a password here',
    );
  }
  const verifiesByDefault = settings.NODE_ENV === 'production' && settings.SMTP_URL !== undefined;
  return new Config(
    {
      issuer,
      databaseUrl: settings.DATABASE_URL,
      databaseAppRole: settings.DATABASE_APP_ROLE,
      dataDirectory: dirname(settings.EMBEDDED_POSTGRES_DIR),
      audience: settings.AUDIENCE,
      ownAudiences: [settings.AUDIENCE, issuer],
      accessModel: accessModelOf(settings),
      accessTokenTtlMs: settings.ACCESS_TOKEN_TTL,
      refreshTokenTtlMs: settings.REFRESH_TOKEN_TTL,
      sessionTtlMs: settings.SESSION_TTL,
      refreshRetryWindowMs: settings.REFRESH_RETRY_WINDOW,
      sessionsPerUser: settings.SESSIONS_PER_USER,
      signingKeyRotationMs: settings.SIGNING_KEY_ROTATION,
      signingKeyPublishAheadMs: settings.SIGNING_KEY_PUBLISH_AHEAD,
      keyEncryptionKey: settings.KEY_ENCRYPTION_KEY,
      previousKeyEncryptionKey: settings.KEY_ENCRYPTION_KEY_PREVIOUS,
      revocationMaxStalenessMs: settings.REVOCATION_MAX_STALENESS,
      clockToleranceMs: settings.CLOCK_TOLERANCE,
      demoPassword: isSeeded(settings) ? settings.DEMO_PASSWORD : undefined,
      demoClientSecret: isSeeded(settings) ? settings.DEMO_CLIENT_SECRET : undefined,
      isRegistrationOpen: settings.REGISTRATION === 'open',
      registrationLimit: settings.REGISTRATION_LIMIT,
      passwordWords: (settings.PASSWORD_WORDS ?? '').split(','),
      breachedPasswordsUrl:
        settings.BREACHED_PASSWORDS_URL && withoutSlash(settings.BREACHED_PASSWORDS_URL),
      emailVerification:
        settings.EMAIL_VERIFICATION ?? (verifiesByDefault ? 'required' : 'optional'),
      accountPages: withoutSlash(settings.ACCOUNT_PAGES ?? `${withoutSlash(issuer)}/account`),
      mailServer: settings.SMTP_URL,
      mailFrom: settings.MAIL_FROM ?? 'Accounts <accounts@example.com>',
      mailTemplates: settings.MAIL_TEMPLATES,
      auditRetentionMs: settings.AUDIT_RETENTION,
      isConsoleServed: settings.CONSOLE,
    },
    settings,
    {
      version,
      port: portOf(settings),
      metricsPort: settings.AUTH_METRICS_PORT,
      // Metadata, keys and feed are below the path of the issuer.
      basePath: withoutSlash(new URL(issuer).pathname),
      // The refresh cookie.
      credentials: true,
      warnings,
    },
  );
}

/** What a command needs that only speaks to the database. */
const COMMAND_SETTINGS = ['DATABASE_URL', 'DATABASE_APP_ROLE', 'MIGRATE', 'AUDIT_RETENTION'];

/** Settings for the check of a new password. */
export const PASSWORD_SETTINGS = ['ISSUER', 'PASSWORD_WORDS', 'BREACHED_PASSWORDS_URL'];

/**
 * The settings of a command that speaks to the database: no other variable is read.
 *
 * @param more variables that this command reads as well
 * @throws SettingsError
 */
export function databaseConfig(
  environment: Environment = process.env,
  more: readonly string[] = [],
): Config {
  const names = [...COMMAND_SETTINGS, ...more].flatMap((name) => [name, `${name}_FILE`]);
  const config = readConfig(Object.fromEntries(names.map((name) => [name, environment[name]])));
  if (isProduction(environment) && config.auditRetentionMs < DAY) {
    throw new SettingsError([{ variable: 'AUDIT_RETENTION', message: AUDIT_TOO_SHORT }]);
  }
  return config;
}
