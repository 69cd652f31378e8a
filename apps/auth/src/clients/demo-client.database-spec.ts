import type { Environment } from '@jwt-auth/chassis';
// Scripts know this one, which has to be that of demo-client.ts.
import { DEMO } from '@jwt-auth/dev-stack';
import { afterEach, describe, expect, it } from 'vitest';

import { AuthApp } from '../testing/auth-app.fixture.js';
import { migratedDatabase } from '../testing/migrated-database.fixture.js';
import { ClientAuthenticationService } from './client-authentication.service.js';

const running: AuthApp[] = [];
afterEach(() => Promise.all(running.splice(0).map((auth) => auth.close())));

async function start(environment: Environment): Promise<AuthApp> {
  const auth = await AuthApp.start({ SEED_DEMO: 'on', ...environment });
  running.push(auth);
  return auth;
}

const knows = (auth: AuthApp, secret: string) =>
  auth.get(ClientAuthenticationService).authenticate(DEMO.clientId, secret);
const notices = ({ log }: AuthApp) => log.filter((line) => line.includes('may introspect'));

describe('the demo client', () => {
  it('is made once, by however many processes at whatever time, with the latest secret', async () => {
    const DATABASE_URL = await migratedDatabase();
    const environment = { DATABASE_URL, DEMO_CLIENT_SECRET: 'the first start' };
    const [one] = await Promise.all([start(environment), start(environment)]);
    expect(await knows(one, 'the first start')).toMatchObject({
      grants: ['client_credentials', 'introspect'],
    });
    const again = await start({ DATABASE_URL, DEMO_CLIENT_SECRET: 'the next start' });
    expect(await knows(again, 'the next start')).toBeDefined();
    expect(await knows(again, 'the first start')).toBeUndefined();
    const secrets = 'SELECT FROM client_secrets WHERE client_id = $1';
    expect(await again.dataSource.query(secrets, [DEMO.clientId])).toHaveLength(1);
    for (const auth of [one, again]) expect(notices(auth)).toEqual([]);
  });

  it('stays deleted, and then a start says that nobody may introspect', async () => {
    const auth = await start({ DEMO_CLIENT_SECRET: 'a secret' });
    const { access_token: token } = await auth.login('admin@example.com');
    await auth.call('DELETE', `/admin/clients/${DEMO.clientId}`, { token });
    const { databaseUrl: DATABASE_URL } = auth;
    const again = await start({ DATABASE_URL, DEMO_CLIENT_SECRET: 'a secret' });
    expect(await knows(again, 'a secret')).toBeUndefined();
    expect(notices(again)).toHaveLength(1);
    expect(notices(again)[0]).toMatch(/"level":"?warn.*POST \/admin\/clients/);
  });

  it.each<[string, Environment]>([
    ['without a secret', {}],
    ['without demo users', { SEED_DEMO: 'off', DEMO_CLIENT_SECRET: 'a secret' }],
  ])('is not made %s', async (_how, environment) => {
    const auth = await start(environment);
    expect(await knows(auth, 'a secret')).toBeUndefined();
    expect(notices(auth)).toHaveLength(1);
  });
});
