import { dirname } from 'node:path';

import {
  isProduction,
  parseSettings,
  ServiceConfig,
  SettingsError,
  versionIn,
  type Environment,
} from '@jwt-auth/chassis';

import type { AccessModelFile } from './access/access-model-file.js';
import development from './access/development.json' with { type: 'json' };
import type { MailServer } from './mail/mail-setting.js';
import { AUDIT_TOO_SHORT, DAY, isSeeded, issuerOf, portOf, Settings } from './settings.js';

const version = versionIn(new URL('../package.json', import.meta.url));

/** What a new database begins with, and where that comes from. */
export interface FirstAccessModel {
  readonly source: 'ACCESS_MODEL' | 'development' | 'none';
  readonly model: AccessModelFile;
}

function accessModelOf({ ACCESS_MODEL: model, NODE_ENV }: Settings): FirstAccessModel {
  if (model) return { source: 'ACCESS_MODEL', model };
  if (NODE_ENV !== 'production') return { source: 'development', model: development };
  return { source: 'none', model: { resources: [], roles: [] } };
}

/** The settings of the auth app. Injected as it is; parsed once, when the process starts. */
export class Config extends ServiceConfig {
  readonly databaseUrl: string;
  /** The role that gets its rights after migrations; `undefined`: the same as the one that migrates. */
  readonly databaseAppRole: string | undefined;
  /** Where a development machine keeps what must survive a restart. */
  readonly dataDirectory: string;
  /** `iss` of every token, and the base of every address in the metadata. */
  readonly issuer: string;
  readonly audience: string;
  /** Of tokens that auth's own API takes: `AUDIENCE`, so that one token does for all, and `ISSUER`. */
  readonly ownAudiences: readonly string[];
  readonly accessModel: FirstAccessModel;
  readonly accessTokenTtlMs: number;
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
  /** Of the organisation: no password may be made of them, as of the e-mail and the host of the issuer. */
  readonly passwordWords: readonly string[];
  /** A list of breached passwords, without a slash at the end. `undefined`: none is asked. */
  readonly breachedPasswordsUrl: string | undefined;
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
  /** Whether `/console` is there. */
  readonly isConsoleServed: boolean;

  /** The origins of pages that act for users: auth's own, and those of `CORS_ORIGINS`. */
  get ownOrigins(): string[] {
    return [new URL(this.issuer).origin, ...this.cors.origins];
  }

  /** @throws SettingsError with every problem listed */
  constructor(environment: Environment = process.env) {
    const warnings: string[] = [];
    const settings = parseSettings(Settings, environment, (message) => warnings.push(message));
    const issuer = issuerOf(settings);
    super(settings, {
      version,
      port: portOf(settings),
      metricsPort: settings.AUTH_METRICS_PORT,
      // Metadata, keys and feed are below the path of the issuer.
      basePath: new URL(issuer).pathname.replace(/\/+$/, ''),
      // The refresh cookie.
      credentials: true,
      warnings,
    });
    this.issuer = issuer;
    this.databaseUrl = settings.DATABASE_URL;
    this.dataDirectory = dirname(settings.EMBEDDED_POSTGRES_DIR);
    this.audience = settings.AUDIENCE;
    this.ownAudiences = [this.audience, this.issuer];
    this.accessModel = accessModelOf(settings);
    this.accessTokenTtlMs = settings.ACCESS_TOKEN_TTL;
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
    this.passwordWords = (settings.PASSWORD_WORDS ?? '').split(',');
    this.breachedPasswordsUrl = settings.BREACHED_PASSWORDS_URL?.replace(/\/+$/, '');
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
    this.databaseAppRole = settings.DATABASE_APP_ROLE;
    this.isConsoleServed = settings.CONSOLE;
  }
}

/** What a command needs that only speaks to the database. */
const COMMAND_SETTINGS = ['DATABASE_URL', 'DATABASE_APP_ROLE', 'MIGRATE', 'AUDIT_RETENTION'];

/** What a new password is held against. */
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
  const config = new Config(Object.fromEntries(names.map((name) => [name, environment[name]])));
  if (isProduction(environment) && config.auditRetentionMs < DAY) {
    throw new SettingsError([{ variable: 'AUDIT_RETENTION', message: AUDIT_TOO_SHORT }]);
  }
  return config;
}
