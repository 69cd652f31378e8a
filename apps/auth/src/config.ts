import { dirname } from 'node:path';

import {
  addressFromHere,
  areDocsServed,
  DATABASE_SETTINGS,
  MIGRATION_SETTINGS,
  databaseLimitsOf,
  base64Key,
  choice,
  duration,
  flag,
  httpUrl,
  isExposedHttp,
  listenAddress,
  parseSettings,
  port,
  postgresUrl,
  SERVICE_SETTINGS,
  SettingsError,
  text,
  wholeNumber,
  versionIn,
  type Build,
  type DatabaseLimits,
  type Environment,
  type ListenAddress,
  type LogLevel,
  type TrustProxy,
} from '@jwt-auth/chassis';
import { z } from 'zod';

import { accessModelSetting } from './access/access-model-setting.js';
import type { AccessModelFile } from './access/access-model-file.js';
import development from './access/development.json' with { type: 'json' };
import { mailFrom, smtpUrl, type MailServer } from './mail/mail-setting.js';
import { MailTemplates } from './mail/mail-templates.js';
import { NewPassword } from './passwords.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const AUDIT_TOO_SHORT = 'must be at least 1d in production';

const version = versionIn(new URL('../package.json', import.meta.url));

const Settings = z
  .object({
    ...SERVICE_SETTINGS,
    ...DATABASE_SETTINGS,
    ...MIGRATION_SETTINGS,
    DATABASE_APP_ROLE: text(63).optional(),
    AUTH_PORT: port().optional(),
    AUTH_METRICS_PORT: port().optional(),
    DATABASE_URL: postgresUrl(),
    EMBEDDED_POSTGRES_DIR: text(4096).default('.data/postgres'),
    ISSUER: httpUrl().optional(),
    ALLOW_HTTP_ISSUER: flag().default(false),
    AUDIENCE: text().default('api'),
    ACCESS_MODEL: accessModelSetting().optional(),
    // A verifier refuses a token that lives longer than a day.
    ACCESS_TOKEN_TTL: duration('1s', '24h').default(HOUR / 4),
    REFRESH_TOKEN_TTL: duration('1s').default(30 * DAY),
    SESSION_TTL: duration('1s').default(90 * DAY),
    REFRESH_RETRY_WINDOW: duration('0s', '10m').default(10_000),
    SIGNING_KEY_ROTATION: duration('1s').default(30 * DAY),
    SIGNING_KEY_PUBLISH_AHEAD: duration('0s').default(DAY),
    KEY_ENCRYPTION_KEY: base64Key(32).optional(),
    KEY_ENCRYPTION_KEY_PREVIOUS: base64Key(32).optional(),
    REVOCATION_MAX_STALENESS: duration('1s', '24h').default(30_000),
    CLOCK_TOLERANCE: duration('0s', '59s').default(5_000),
    SEED_DEMO: flag().optional(),
    DEMO_PASSWORD: text(128).default('correct horse battery staple'),
    DEMO_CLIENT_SECRET: text().optional(),
    SESSIONS_PER_USER: wholeNumber(1, 10_000).default(100),
    REGISTRATION: choice('open', 'closed').default('open'),
    REGISTRATION_LIMIT: wholeNumber(1, 1_000_000).default(300),
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
      const { resources } = (settings.ACCESS_MODEL ?? {}) as Partial<AccessModelFile>;
      if (resources?.some(({ audience }) => audience === issuerOf(settings))) {
        refuse('ACCESS_MODEL', 'the audience of ISSUER is auth itself: it is there in any case');
      }
      if (settings.EMAIL_VERIFICATION === 'required' && !settings.SMTP_URL) {
        refuse('EMAIL_VERIFICATION', 'required needs SMTP_URL');
      }
      const { MAIL_TEMPLATES } = settings;
      if (MAIL_TEMPLATES !== undefined) {
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
      if (!settings.ALLOW_HTTP_ISSUER && isExposedHttp(issuerOf(settings))) {
        refuse('ISSUER', 'must be https in production, unless ALLOW_HTTP_ISSUER is on');
      }
    },
    // Also beside other problems, so that all are listed at once.
    { when: () => true },
  );

type Parsed = z.infer<typeof Settings>;

/** Whether demo users are created. */
function isSeeded({ SEED_DEMO, NODE_ENV }: Pick<Parsed, 'SEED_DEMO' | 'NODE_ENV'>): boolean {
  return SEED_DEMO ?? NODE_ENV !== 'production';
}

/** As it is set, or else where a service on the same machine finds auth. */
function issuerOf(settings: ListenSettings & Pick<Parsed, 'ISSUER' | 'HOST'>) {
  return settings.ISSUER ?? addressFromHere({ host: settings.HOST, port: portOf(settings) });
}

type ListenSettings = Pick<Parsed, 'AUTH_PORT' | 'PORT'>;

function portOf({ AUTH_PORT, PORT }: ListenSettings): number {
  return AUTH_PORT ?? PORT ?? 3000;
}

/** What a new database begins with, and where that comes from. */
export interface FirstAccessModel {
  readonly source: 'ACCESS_MODEL' | 'development' | 'none';
  readonly model: AccessModelFile;
}

function accessModelOf({ ACCESS_MODEL: model, NODE_ENV }: Parsed): FirstAccessModel {
  if (model) return { source: 'ACCESS_MODEL', model };
  if (NODE_ENV !== 'production') return { source: 'development', model: development };
  return { source: 'none', model: { resources: [], roles: [] } };
}

/** The settings of the auth app. Injected as it is; parsed once, when the process starts. */
export class Config {
  readonly host: string;
  readonly port: number;
  /** Where the metrics are served; `undefined`: nowhere. */
  readonly metricsAddress: ListenAddress | undefined;
  readonly databaseUrl: string;
  readonly databaseLimits: DatabaseLimits;
  /** Whether a start migrates, or waits until that was done. */
  readonly migrations: 'run' | 'await';
  /** The role that gets its rights after migrations; `undefined`: the same as the one that migrates. */
  readonly databaseAppRole: string | undefined;
  /** Where a development machine keeps what must survive a restart. */
  readonly dataDirectory: string;
  /** `iss` of every token, and the base of every address in the metadata. */
  readonly issuer: string;
  /** The path of the issuer without a slash at the end: metadata, keys and feed are below it. */
  readonly basePath: string;
  readonly audience: string;
  /** Of tokens that auth's own API takes: `AUDIENCE`, so that one token does for all, and `ISSUER`. */
  readonly ownAudiences: readonly string[];
  readonly accessModel: FirstAccessModel;
  readonly accessTokenTtlSeconds: number;
  readonly refreshTokenTtlMs: number;
  readonly sessionTtlMs: number;
  /** 0 switches the retry of a refresh off. */
  readonly refreshRetryWindowMs: number;
  /** A login beyond it ends the session that was unused for longest. */
  readonly sessionsPerUser: number;
  readonly signingKeyRotationMs: number;
  readonly signingKeyPublishAheadMs: number;
  /** 32 bytes. `undefined` only in development, which then makes and keeps one of its own. */
  readonly keyEncryptionKey: Buffer | undefined;
  /** The one before: what is encrypted under it is encrypted anew at the start. */
  readonly previousKeyEncryptionKey: Buffer | undefined;
  readonly revocationMaxStalenessMs: number;
  readonly clockToleranceMs: number;
  /** The password of the demo users; `undefined`: none are created. */
  readonly demoPassword: string | undefined;
  /** The secret of the demo client; `undefined`: none is created. */
  readonly demoClientSecret: string | undefined;
  readonly isRegistrationOpen: boolean;
  /** Registrations from one network in an hour. Beyond them the answer is 429. */
  readonly registrationLimit: number;
  /** `required`: a user who registers cannot log in before the e-mail is verified. */
  readonly emailVerification: 'required' | 'optional';
  /** Links in mails lead to pages below it. No slash at the end. */
  readonly accountPages: string;
  /** `undefined`: no mail is sent. */
  readonly mailServer: MailServer | undefined;
  readonly mailFrom: string;
  /** A folder whose files are used instead of our templates. */
  readonly mailTemplates: string | undefined;
  /** The age from which audit events are removed. */
  readonly auditRetentionMs: number;
  readonly logLevel: LogLevel;
  readonly trustProxy: TrustProxy;
  /** Of pages that may call. */
  readonly corsOrigins: readonly string[];
  readonly build: Build;
  readonly shutdownDelayMs: number;
  readonly warnings: readonly string[];
  /** Whether `/docs` is there. */
  readonly areDocsServed: boolean;
  /** Whether `/console` is there. */
  readonly isConsoleServed: boolean;

  /** @throws SettingsError with every problem listed */
  constructor(environment: Environment = process.env) {
    const warnings: string[] = [];
    const settings = parseSettings(Settings, environment, (message) => warnings.push(message));
    this.warnings = warnings;
    this.host = settings.HOST;
    this.port = portOf(settings);
    this.metricsAddress = listenAddress(settings.METRICS_HOST, settings.AUTH_METRICS_PORT);
    this.databaseUrl = settings.DATABASE_URL;
    this.dataDirectory = dirname(settings.EMBEDDED_POSTGRES_DIR);
    this.issuer = issuerOf(settings);
    this.basePath = new URL(this.issuer).pathname.replace(/\/+$/, '');
    this.audience = settings.AUDIENCE;
    this.ownAudiences = [this.audience, this.issuer];
    this.accessModel = accessModelOf(settings);
    this.accessTokenTtlSeconds = Math.max(1, Math.floor(settings.ACCESS_TOKEN_TTL / 1000));
    this.refreshTokenTtlMs = settings.REFRESH_TOKEN_TTL;
    this.sessionTtlMs = settings.SESSION_TTL;
    this.refreshRetryWindowMs = settings.REFRESH_RETRY_WINDOW;
    this.sessionsPerUser = settings.SESSIONS_PER_USER;
    this.signingKeyRotationMs = settings.SIGNING_KEY_ROTATION;
    this.signingKeyPublishAheadMs = settings.SIGNING_KEY_PUBLISH_AHEAD;
    this.keyEncryptionKey = settings.KEY_ENCRYPTION_KEY;
    this.previousKeyEncryptionKey = settings.KEY_ENCRYPTION_KEY_PREVIOUS;
    this.revocationMaxStalenessMs = settings.REVOCATION_MAX_STALENESS;
    this.clockToleranceMs = settings.CLOCK_TOLERANCE;
    this.demoPassword = isSeeded(settings) ? settings.DEMO_PASSWORD : undefined;
    this.demoClientSecret = isSeeded(settings) ? settings.DEMO_CLIENT_SECRET : undefined;
    this.isRegistrationOpen = settings.REGISTRATION === 'open';
    this.registrationLimit = settings.REGISTRATION_LIMIT;
    this.mailServer = settings.SMTP_URL;
    const isProduction = settings.NODE_ENV === 'production';
    this.emailVerification =
      settings.EMAIL_VERIFICATION ?? (isProduction && settings.SMTP_URL ? 'required' : 'optional');
    if (isProduction && !settings.SMTP_URL) {
      warnings.push(
        'SMTP_URL is not set: nobody can verify an e-mail address or recover a password here',
      );
    }
    const pages = settings.ACCOUNT_PAGES ?? `${this.issuer.replace(/\/+$/, '')}/account`;
    this.accountPages = pages.replace(/\/+$/, '');
    this.mailFrom = settings.MAIL_FROM ?? 'Accounts <accounts@example.com>';
    this.mailTemplates = settings.MAIL_TEMPLATES;
    this.auditRetentionMs = settings.AUDIT_RETENTION;
    this.logLevel = settings.LOG_LEVEL;
    this.trustProxy = settings.TRUST_PROXY;
    this.corsOrigins = settings.CORS_ORIGINS;
    this.databaseLimits = databaseLimitsOf(settings);
    this.migrations = settings.MIGRATE ? 'run' : 'await';
    this.databaseAppRole = settings.DATABASE_APP_ROLE;
    this.build = { version, commit: settings.BUILD_COMMIT };
    this.shutdownDelayMs = settings.SHUTDOWN_DELAY;
    this.areDocsServed = areDocsServed(settings);
    this.isConsoleServed = settings.CONSOLE;
  }
}

/** What a command needs that only speaks to the database. */
const COMMAND_SETTINGS = ['DATABASE_URL', 'DATABASE_APP_ROLE', 'MIGRATE', 'AUDIT_RETENTION'];

/**
 * The settings of a command that only speaks to the database: no other variable is read.
 *
 * @throws SettingsError
 */
export function databaseConfig(environment: Environment = process.env): Config {
  const names = COMMAND_SETTINGS.flatMap((name) => [name, `${name}_FILE`]);
  const config = new Config(Object.fromEntries(names.map((name) => [name, environment[name]])));
  if (environment.NODE_ENV === 'production' && config.auditRetentionMs < DAY) {
    throw new SettingsError([{ variable: 'AUDIT_RETENTION', message: AUDIT_TOO_SHORT }]);
  }
  return config;
}
