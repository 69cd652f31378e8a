import { afterEach, expect, it, vi } from 'vitest';

import { readConfig } from '../settings.js';
import { AuthApp } from '../testing/auth-app.fixture.js';
import { ADMIN_PROVIDERS, withAdminServices } from './admin-services.js';

interface Announcer {
  readonly name: string;
  readonly prototype: { listen(listener: unknown): void; announce(): Promise<void> };
}

/** The classes that announce changes, of which commands make some. */
const ANNOUNCERS = ADMIN_PROVIDERS.filter(
  (provider) => typeof provider === 'function' && 'announce' in provider.prototype,
) as unknown as Announcer[];

afterEach(() => vi.restoreAllMocks());

/** The classes that listen to a change, by the class that announces it. */
async function listenersIn(work: () => Promise<unknown>): Promise<Record<string, string[]>> {
  const spies = ANNOUNCERS.map((announcer) => {
    const names: string[] = [];
    vi.spyOn(announcer.prototype, 'listen').mockImplementation(() => {
      const [, name = 'unknown'] =
        /at (\w+)\.onModuleInit/.exec(new Error('here').stack ?? '') ?? [];
      names.push(name);
    });
    return [announcer.name, names] as const;
  });
  await work();
  vi.restoreAllMocks();
  return Object.fromEntries(spies.map(([name, names]) => [name, names.sort()]));
}

it('has every listener that the app has', async () => {
  expect(ANNOUNCERS.length).toBeGreaterThan(2);
  let databaseUrl = '';
  const inApp = await listenersIn(async () => {
    const auth = await AuthApp.start();
    ({ databaseUrl } = auth);
    await auth.close();
  });
  expect(Object.values(inApp)).not.toContainEqual([]);
  const config = readConfig({ DATABASE_URL: databaseUrl, SEED_DEMO: 'off' });
  const inCommands = await listenersIn(() => withAdminServices(config, async () => undefined));
  expect(inCommands).toEqual(inApp);
});
