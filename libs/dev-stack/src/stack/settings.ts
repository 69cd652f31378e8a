import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DevStackError } from '../errors.js';
import { writeOnce } from '../supervision/pid-file.js';
import { ROOT, type App } from './app.js';
import { DEMO } from './demo.js';

const OFF = ['false', '0', 'off', 'no'];

const isOff = (flag: string | undefined) => OFF.includes(flag?.toLowerCase() ?? '');

/**
 * What the launcher reads of the environment. The apps read and check the rest. What is a port, off, or a
 * setting in a file is up to chassis, which cannot be imported here: its tests need this package.
 */
export class StackSettings {
  /** Where the apps listen. */
  readonly host: string;
  /** A Postgres that is not ours, or `undefined` for the embedded one. */
  readonly databaseUrl: string | undefined;
  readonly postgresDir: string;
  /** Whether auth serves the console. */
  readonly hasConsole: boolean;
  /** The password of the demo users, or `undefined` when there are none. */
  readonly demoPassword: string | undefined;
  private readonly ports: ReadonlyMap<string, number>;

  /** @throws DevStackError `setting_invalid` */
  constructor(
    apps: readonly App[],
    private readonly env: NodeJS.ProcessEnv,
    /** Where generated secrets are kept. */
    private readonly dataDir: string,
  ) {
    // An empty variable, as a copied .env has, is one that is not set.
    this.host = given(env, 'HOST') ?? '127.0.0.1';
    this.databaseUrl = given(env, 'DATABASE_URL');
    this.postgresDir = resolve(given(env, 'EMBEDDED_POSTGRES_DIR') ?? join(ROOT, '.data/postgres'));
    this.hasConsole = !isOff(env['CONSOLE']);
    this.demoPassword = demoPassword(env);
    this.ports = new Map(apps.map((app) => [app.name, portOf(app, env)]));
    this.refuseSharedPort(apps);
  }

  portOf(app: App): number {
    return this.ports.get(app.name) ?? app.defaultPort;
  }

  private refuseSharedPort(apps: readonly App[]): void {
    for (const [index, app] of apps.entries()) {
      const other = apps.slice(0, index).find((each) => this.portOf(each) === this.portOf(app));
      if (!other) continue;
      const both = `${other.portSetting} and ${app.portSetting}`;
      const problem = `${both} are the same port ${this.portOf(app)}. Set one of them to another.`;
      throw new DevStackError('setting_invalid', problem);
    }
  }

  /** Whether an app sends mail and no mail server is set. */
  needsMailbox(apps: readonly App[]): boolean {
    if (this.env['NODE_ENV'] === 'production') return false;
    return apps.some(({ mailSetting = '' }) => {
      return mailSetting !== '' && !isGiven(this.env, mailSetting);
    });
  }

  /**
   * The environment of an app: the caller's, the address of the database that we made for it, and the
   * demo client, as which services introspect reference tokens.
   */
  environment(app: App, database: string | undefined, smtpUrl?: string): NodeJS.ProcessEnv {
    const env = withSettings(this.env, {
      EMBEDDED_POSTGRES_DIR: this.postgresDir,
      // There is no balancer that has to notice, and Ctrl-C should not wait for one.
      SHUTDOWN_DELAY: '0s',
    });
    if (database !== undefined && !isGiven(env, app.databaseSetting)) {
      env[app.databaseSetting] = database;
    }
    if (smtpUrl !== undefined && app.mailSetting !== undefined) env[app.mailSetting] = smtpUrl;
    if (this.demoPassword === undefined) return env;
    if (app.name === 'auth') {
      if (!isGiven(env, 'DEMO_CLIENT_SECRET')) env['DEMO_CLIENT_SECRET'] = this.demoClientSecret();
    } else if (!isGiven(env, 'CLIENT_ID') && !isGiven(env, 'CLIENT_SECRET')) {
      env['CLIENT_ID'] = DEMO.clientId;
      env['CLIENT_SECRET'] = this.demoClientSecret();
    }
    return env;
  }

  /**
   * Made once and kept: auth stores the secret of the latest start, so two stacks on one database
   * need the same one.
   */
  private demoClientSecret(): string {
    const chosen = given(this.env, 'DEMO_CLIENT_SECRET');
    if (chosen !== undefined) return chosen;
    const file = join(this.dataDir, 'demo-client-secret');
    if (!existsSync(file)) writeOnce(file, randomBytes(32).toString('base64url'));
    return readFileSync(file, 'utf8');
  }
}

/** An environment with other values for settings, none of which is in a file then. */
export function withSettings(
  env: NodeJS.ProcessEnv,
  settings: Readonly<Record<string, string>>,
): NodeJS.ProcessEnv {
  const files = Object.keys(settings).map((name) => `${name}_FILE`);
  const others = Object.entries(env).filter(([name]) => !files.includes(name));
  return { ...Object.fromEntries(others), ...settings };
}

/**
 * Adds a new key to settings of auth. Call it once for all processes on one database: they need the
 * same key.
 */
export function authSettings<Settings extends Readonly<Record<string, string>>>(
  settings: Settings,
): Settings & { KEY_ENCRYPTION_KEY: string } {
  return { KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'), ...settings };
}

const isGiven = (env: NodeJS.ProcessEnv, name: string) => Boolean(env[name] || env[`${name}_FILE`]);

/**
 * The value of a setting, which may be the content of the file `NAME_FILE`.
 * @throws DevStackError `setting_invalid` if that cannot be read, or if both are set
 */
function given(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const path = env[`${name}_FILE`];
  if (!path) return env[name] || undefined;
  if (env[name])
    throw new DevStackError('setting_invalid', `Set ${name} or ${name}_FILE, not both.`);
  try {
    return readFileSync(path, 'utf8').trim() || undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DevStackError('setting_invalid', `${name}_FILE cannot be read (${code}).`);
  }
}

function portOf({ portSetting, defaultPort }: App, env: NodeJS.ProcessEnv): number {
  const text = given(env, portSetting) ?? String(defaultPort);
  // What Kubernetes sets for a service of that name. The apps warn of it.
  if (/^(tcp|udp|sctp):\/\//.test(text)) return defaultPort;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new DevStackError(
    'setting_invalid',
    `${portSetting} must be a port from 1 to 65535, not "${text}".`,
  );
}

/** auth applies this rule; here it only decides what is printed. */
function demoPassword(env: NodeJS.ProcessEnv): string | undefined {
  if (env['NODE_ENV'] === 'production') return undefined;
  if (isOff(env['SEED_DEMO'])) return undefined;
  return given(env, 'DEMO_PASSWORD') ?? DEMO.password;
}
