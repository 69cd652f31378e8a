import {
  addressFromHere,
  allowsHttpIssuer,
  duration,
  issuerProblem,
  parseSettings,
  port,
  postgresUrl,
  SERVICE_SETTINGS,
  ServiceConfig,
  text,
  TOKEN_SETTINGS,
  versionIn,
  type Environment,
} from '@jwt-auth/chassis';
import { MAX_JWKS_STALE_SECONDS } from '@jwt-auth/jwt-core';
import { withDatabase } from '@jwt-auth/jwt-core/postgres';
import { z } from 'zod';

const version = versionIn(new URL('../package.json', import.meta.url));

const Settings = z
  .object({
    ...SERVICE_SETTINGS,
    ...TOKEN_SETTINGS,
    ORDERS_DATABASE_APP_ROLE: text(63).optional(),
    AUTH_PORT: port().prefault('3000'),
    ORDERS_PORT: port().optional(),
    ORDERS_METRICS_PORT: port().optional(),
    DATABASE_URL: postgresUrl().optional(),
    ORDERS_DATABASE_URL: postgresUrl().optional(),
    CLIENT_ID: text().optional(),
    CLIENT_SECRET: text().optional(),
    JWKS_REFRESH: duration('1s', '24h').prefault('5m'),
    JWKS_COOLDOWN: duration('100ms', '1h').prefault('10s'),
    JWKS_MAX_STALE: duration('1s', MAX_JWKS_STALE_SECONDS * 1000).prefault('24h'),
  })
  .superRefine(
    (settings, context) => {
      const refuse = (variable: keyof typeof settings, message: string): void =>
        context.addIssue({ code: 'custom', path: [variable], message });
      if (!settings.ORDERS_DATABASE_URL && !settings.DATABASE_URL) {
        refuse(
          'ORDERS_DATABASE_URL',
          'is not set, and neither is DATABASE_URL, whose server would do',
        );
      }
      if ((settings.CLIENT_ID === undefined) !== (settings.CLIENT_SECRET === undefined)) {
        const [missing, there] = settings.CLIENT_ID
          ? (['CLIENT_SECRET', 'CLIENT_ID'] as const)
          : (['CLIENT_ID', 'CLIENT_SECRET'] as const);
        refuse(missing, `is not set, but ${there} is`);
      }
      if (settings.NODE_ENV === 'production' && !settings.ISSUER) {
        refuse('ISSUER', 'is required in production');
      }
      const fault = issuerProblem(settings.ISSUER ?? '', settings);
      if (fault !== undefined) refuse('ISSUER', fault);
    },
    // Also beside other problems, so that all are listed at once.
    { when: () => true },
  );

/** The settings of the orders app, parsed once, when the process starts. */
export class Config extends ServiceConfig {
  readonly databaseUrl: string;
  /** The role that gets its rights after migrations; `undefined`: the same as the one that migrates. */
  readonly databaseAppRole: string | undefined;
  /** All that is known of auth: keys and feed are found through its metadata. */
  readonly issuer: string;
  readonly allowHttpIssuer: boolean;
  readonly audience: string;
  /** The credentials of orders itself. With them it takes reference tokens. */
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
  readonly jwksRefreshMs: number;
  readonly jwksCooldownMs: number;
  readonly jwksMaxStaleMs: number;
  readonly revocationMaxStalenessMs: number;
  readonly clockToleranceMs: number;

  /** @throws SettingsError with every problem listed */
  constructor(environment: Environment = process.env) {
    const warnings: string[] = [];
    const settings = parseSettings(Settings, environment, (message) => warnings.push(message));
    super(settings, {
      version,
      port: settings.ORDERS_PORT ?? settings.PORT ?? 3001,
      metricsPort: settings.ORDERS_METRICS_PORT,
      warnings,
    });
    this.databaseUrl =
      settings.ORDERS_DATABASE_URL ?? withDatabase(settings.DATABASE_URL ?? '', 'orders');
    // Else of an auth on this machine, with the same settings.
    this.issuer =
      settings.ISSUER ?? addressFromHere({ host: settings.HOST, port: settings.AUTH_PORT });
    this.allowHttpIssuer = allowsHttpIssuer(settings);
    this.audience = settings.AUDIENCE;
    this.clientId = settings.CLIENT_ID;
    this.clientSecret = settings.CLIENT_SECRET;
    this.jwksRefreshMs = settings.JWKS_REFRESH;
    this.jwksCooldownMs = settings.JWKS_COOLDOWN;
    this.jwksMaxStaleMs = settings.JWKS_MAX_STALE;
    this.revocationMaxStalenessMs = settings.REVOCATION_MAX_STALENESS;
    this.clockToleranceMs = settings.CLOCK_TOLERANCE;
    this.databaseAppRole = settings.ORDERS_DATABASE_APP_ROLE;
  }
}

/** What of the settings is about the database. */
export type DatabaseConfig = Pick<
  Config,
  'databaseUrl' | 'databaseLimits' | 'migrations' | 'databaseAppRole'
>;

/** What a command needs that only speaks to the database. */
const COMMAND_SETTINGS = ['DATABASE_URL', 'ORDERS_DATABASE_URL', 'ORDERS_DATABASE_APP_ROLE'];

/**
 * The settings of a command that only speaks to the database: no other variable is read.
 *
 * @throws SettingsError
 */
export function databaseConfig(environment: Environment = process.env): DatabaseConfig {
  const names = COMMAND_SETTINGS.flatMap((name) => [name, `${name}_FILE`]);
  return new Config(Object.fromEntries(names.map((name) => [name, environment[name]])));
}
