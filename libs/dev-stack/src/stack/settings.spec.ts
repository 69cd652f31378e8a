import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { appNamed, findApps, ROOT } from './app.js';
import { DEMO } from './demo.js';
import { StackSettings } from './settings.js';

const dataDir = mkdtempSync(join(tmpdir(), 'dev-stack-spec-'));
afterAll(() => rmSync(dataDir, { recursive: true }));

const [auth, orders] = [appNamed('auth'), appNamed('orders')];
const settings = (env: NodeJS.ProcessEnv = {}, directory = dataDir) =>
  new StackSettings(findApps(ROOT), env, directory);

/** @returns the path of a file with the text */
function fileWith(text: string): string {
  const file = join(mkdtempSync(join(dataDir, 'value-')), 'value');
  writeFileSync(file, `${text}\n`);
  return file;
}

describe('the settings of the launcher', () => {
  it.each([{}, { AUTH_PORT: '', HOST: '', DATABASE_URL: '', EMBEDDED_POSTGRES_DIR: '' }])(
    'have the defaults of the contract, also where a variable is empty: %o',
    (env) => {
      const { host, databaseUrl, postgresDir } = settings(env);
      expect({ host, databaseUrl, postgresDir }).toEqual({
        host: '127.0.0.1',
        databaseUrl: undefined,
        postgresDir: resolve(ROOT, '.data/postgres'),
      });
      expect(settings(env).portOf(auth)).toBe(3000);
      expect(settings(env).portOf(orders)).toBe(3001);
    },
  );

  it.each(['http', '0', '65536', '-1', '3000 ', '1e3', '3000.5', '999999'])(
    'refuse the port "%s", naming the setting',
    (AUTH_PORT) => {
      expect(() => settings({ AUTH_PORT })).toThrow(
        expect.objectContaining({
          code: 'setting_invalid',
          message: expect.stringContaining('AUTH_PORT') as string,
        }),
      );
    },
  );

  it('use the default port where Kubernetes has set the address of a service', () => {
    expect(settings({ AUTH_PORT: 'tcp://10.0.0.1:4000' }).portOf(auth)).toBe(3000);
  });

  it('take secrets from files, and leave it to the apps to read them', () => {
    const files = {
      DATABASE_URL_FILE: fileWith('postgres://own/auth'),
      ORDERS_DATABASE_URL_FILE: fileWith('postgres://own/orders'),
      DEMO_PASSWORD_FILE: fileWith('of my own'),
      DEMO_CLIENT_SECRET_FILE: fileWith('chosen'),
    };
    const own = settings(files);
    expect(own).toMatchObject({ databaseUrl: 'postgres://own/auth', demoPassword: 'of my own' });
    const forAuth = own.environment(auth, 'postgres://made');
    const forOrders = own.environment(orders, 'postgres://made');
    expect(forAuth).toMatchObject(files);
    for (const name of ['DATABASE_URL', 'DEMO_PASSWORD', 'DEMO_CLIENT_SECRET']) {
      expect(forAuth).not.toHaveProperty(name);
    }
    expect(forOrders).toMatchObject({ CLIENT_ID: DEMO.clientId, CLIENT_SECRET: 'chosen' });
    expect(forOrders).not.toHaveProperty('ORDERS_DATABASE_URL');
    expect(() => settings({ DATABASE_URL_FILE: join(dataDir, 'none') })).toThrow(
      'DATABASE_URL_FILE cannot be read (ENOENT).',
    );
  });

  it('take what the launcher sets itself from files, of which the apps then get no path', () => {
    const own = settings({
      HOST_FILE: fileWith('0.0.0.0'),
      AUTH_PORT_FILE: fileWith('4000'),
      EMBEDDED_POSTGRES_DIR_FILE: fileWith('/data'),
      SHUTDOWN_DELAY_FILE: fileWith('9s'),
    });
    expect(own).toMatchObject({ host: '0.0.0.0', postgresDir: '/data' });
    expect(own.portOf(auth)).toBe(4000);
    const env = own.environment(auth, undefined);
    expect(env).toMatchObject({ EMBEDDED_POSTGRES_DIR: '/data', SHUTDOWN_DELAY: '0s' });
    expect(env).not.toHaveProperty('EMBEDDED_POSTGRES_DIR_FILE');
    expect(env).not.toHaveProperty('SHUTDOWN_DELAY_FILE');
    expect(() => settings({ HOST: '::1', HOST_FILE: fileWith('::1') })).toThrow(
      'Set HOST or HOST_FILE, not both.',
    );
  });

  it('refuse one port for two apps, naming both settings', () => {
    expect(() => settings({ AUTH_PORT: '3001' })).toThrow(
      expect.objectContaining({
        code: 'setting_invalid',
        message: expect.stringMatching(/AUTH_PORT and ORDERS_PORT .* 3001/) as string,
      }),
    );
    expect(settings({ AUTH_PORT: '3001', ORDERS_PORT: '3000' }).portOf(auth)).toBe(3001);
  });

  it.each([
    [{}, 'correct horse battery staple'],
    [{ DEMO_PASSWORD: 'of my own' }, 'of my own'],
    [{ SEED_DEMO: 'false' }, undefined],
    [{ SEED_DEMO: 'OFF' }, undefined],
    [{ NODE_ENV: 'production' }, undefined],
  ])('with %o print the demo password %s', (env, password) => {
    expect(settings(env).demoPassword).toBe(password);
  });

  it.each([
    [{}, true],
    [{ CONSOLE: 'on' }, true],
    [{ CONSOLE: 'Off' }, false],
  ])('with %o know whether there is a console: %s', (env, hasConsole) => {
    expect(settings(env)).toMatchObject({ hasConsole });
  });

  it.each([
    [{}, true],
    [{ SMTP_URL: '', NODE_ENV: 'development' }, true],
    [{ SMTP_URL: 'smtp://own' }, false],
    [{ SMTP_URL_FILE: '/run/secrets/smtp-url' }, false],
    [{ NODE_ENV: 'production' }, false],
  ])('with %o need a mailbox for the mail of auth: %s', (env, isNeeded) => {
    expect(settings(env).needsMailbox(findApps(ROOT))).toBe(isNeeded);
    expect(settings(env).needsMailbox([orders])).toBe(false);
  });

  it('give the address of the mailbox to the app that sends mail', () => {
    const [forAuth, forOrders] = [auth, orders].map((app) =>
      settings().environment(app, undefined, 'smtp://mailbox'),
    );
    expect(forAuth).toMatchObject({ SMTP_URL: 'smtp://mailbox' });
    expect(forOrders).not.toHaveProperty('SMTP_URL');
  });

  it('give the apps a demo client, with a secret of the data directory', () => {
    const environments = (env: NodeJS.ProcessEnv = {}, directory = dataDir) => {
      const made = settings(env, directory);
      return [made.environment(auth, undefined), made.environment(orders, undefined)];
    };
    const [ofAuth, ofOrders] = environments();
    const secret = ofAuth?.['DEMO_CLIENT_SECRET'];
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(ofOrders).toMatchObject({ CLIENT_ID: DEMO.clientId, CLIENT_SECRET: secret });
    expect(environments()[0]?.['DEMO_CLIENT_SECRET']).toBe(secret);
    const [elsewhere] = environments({}, join(dataDir, 'another'));
    expect(elsewhere?.['DEMO_CLIENT_SECRET']).not.toBe(secret);
    const [, own] = environments({ CLIENT_ID: 'mine', CLIENT_SECRET: 'own' });
    expect(own).toMatchObject({ CLIENT_ID: 'mine', CLIENT_SECRET: 'own' });
    const [, known] = environments({ DEMO_CLIENT_SECRET: 'chosen' });
    expect(known).toMatchObject({ CLIENT_SECRET: 'chosen' });
    for (const env of environments({ SEED_DEMO: 'off' })) {
      expect(env).not.toHaveProperty('DEMO_CLIENT_SECRET');
      expect(env).not.toHaveProperty('CLIENT_ID');
    }
  });

  it('let an app stop at once, because no balancer has to notice', () => {
    const env = settings({ SHUTDOWN_DELAY: '20s' }).environment(auth, undefined);
    expect(env['SHUTDOWN_DELAY']).toBe('0s');
  });

  it('give an app the database that was made for it, unless it has one', () => {
    const made = 'postgres://made';
    const own = settings({ ORDERS_DATABASE_URL: 'postgres://own' });
    expect(own.environment(orders, made)).toMatchObject({
      ORDERS_DATABASE_URL: 'postgres://own',
    });
    expect(own.environment(auth, made)).toMatchObject({ DATABASE_URL: made });
    expect(settings().environment(auth, undefined)).not.toHaveProperty('DATABASE_URL');
  });
});
