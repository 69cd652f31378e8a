import { ServiceConfig } from '@jwt-auth/chassis';

/** Resources and roles as a file lists them: see docs/access.md. */
export interface AccessModelFile {
  readonly resources: readonly {
    /** Default: the setting `AUDIENCE`. */
    readonly audience?: string | undefined;
    readonly scopes: { readonly name: string; readonly description: string }[];
  }[];
  readonly roles: readonly {
    readonly name: string;
    readonly scopes: string[];
    readonly requiresMfa?: boolean | undefined;
  }[];
}

/** What a new database begins with, and where that comes from. */
export interface FirstAccessModel {
  readonly source: 'ACCESS_MODEL' | 'development' | 'none';
  readonly model: AccessModelFile;
}

/** How mail is sent. */
export interface MailServer {
  /** `smtp://` or `smtps://`, with the credentials. */
  readonly url: string;
  /** Never sends anything in clear: credentials that another machine could read are of no use. */
  readonly requiresTls: boolean;
}

/**
 * The settings of the auth app, as its domains read them. Injected as it is. It imports none of them:
 * `readConfig` in `settings.ts` fills it, when the process starts.
 */
export class Config extends ServiceConfig {
  readonly databaseUrl!: string;
  /** The role that gets its rights after migrations; `undefined`: the same as the one that migrates. */
  readonly databaseAppRole!: string | undefined;
  /** Where a development machine keeps what must survive a restart. */
  readonly dataDirectory!: string;
  /** `iss` of every token, and the base of every address in the metadata. */
  readonly issuer!: string;
  readonly audience!: string;
  /** Of tokens that auth's own API takes: `AUDIENCE`, so that one token does for all, and `ISSUER`. */
  readonly ownAudiences!: readonly string[];
  readonly accessModel!: FirstAccessModel;
  readonly accessTokenTtlMs!: number;
  readonly refreshTokenTtlMs!: number;
  readonly sessionTtlMs!: number;
  /** 0 switches the retry of a refresh off. */
  readonly refreshRetryWindowMs!: number;
  /** A login beyond it ends the session that was unused for longest. */
  readonly sessionsPerUser!: number;
  readonly signingKeyRotationMs!: number;
  readonly signingKeyPublishAheadMs!: number;
  /** 32 bytes. `undefined` only in development, which then makes and keeps one of its own. */
  readonly keyEncryptionKey!: Buffer | undefined;
  /** The previous key. Data under it is encrypted again at the start. */
  readonly previousKeyEncryptionKey!: Buffer | undefined;
  readonly revocationMaxStalenessMs!: number;
  readonly clockToleranceMs!: number;
  /** The password of the demo users; `undefined`: none are created. */
  readonly demoPassword!: string | undefined;
  /** The secret of the demo client; `undefined`: none is created. */
  readonly demoClientSecret!: string | undefined;
  readonly isRegistrationOpen!: boolean;
  /** Registrations from one network in an hour. Beyond them the answer is 429. */
  readonly registrationLimit!: number;
  /** Of the organisation: no password may be made of them, as of the e-mail and the host of the issuer. */
  readonly passwordWords!: readonly string[];
  /** A list of breached passwords, without a slash at the end. `undefined`: none is asked. */
  readonly breachedPasswordsUrl!: string | undefined;
  /** `required`: a user who registers cannot log in before the e-mail is verified. */
  readonly emailVerification!: 'required' | 'optional';
  /** Links in mails lead to pages below it. No slash at the end. */
  readonly accountPages!: string;
  /** `undefined`: no mail is sent. */
  readonly mailServer!: MailServer | undefined;
  readonly mailFrom!: string;
  /** A folder whose files are used instead of our templates. */
  readonly mailTemplates!: string | undefined;
  /** The age from which audit events are removed. */
  readonly auditRetentionMs!: number;
  /** Whether `/console` is there. */
  readonly isConsoleServed!: boolean;

  /** The origins of pages that act for users: auth's own, and those of `CORS_ORIGINS`. */
  get ownOrigins(): string[] {
    return [new URL(this.issuer).origin, ...this.cors.origins];
  }

  constructor(
    own: Omit<Config, keyof ServiceConfig | 'ownOrigins'>,
    ...service: ConstructorParameters<typeof ServiceConfig>
  ) {
    super(...service);
    Object.assign(this, own);
  }
}
