import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appNamed, findApps, ROOT } from './app.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dev-stack-spec-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(folder: string, manifest: object | undefined): void {
  const path = join(root, 'apps', folder);
  mkdirSync(path, { recursive: true });
  if (manifest) writeFileSync(join(path, 'package.json'), JSON.stringify(manifest));
}

describe('the apps of the stack', () => {
  it('are those in apps/ whose package.json says so, by their ports', () => {
    write('gift-cards', { devStack: { port: 3002 } });
    write('auth', { devStack: { port: 3000, databaseSetting: 'DATABASE_URL' } });
    write('auth-e2e', { name: 'tests' });
    write('no-manifest', undefined);
    expect(findApps(root)).toEqual([
      {
        name: 'auth',
        main: 'apps/auth/dist/main.js',
        portSetting: 'AUTH_PORT',
        defaultPort: 3000,
        databaseSetting: 'DATABASE_URL',
        database: 'auth',
      },
      {
        name: 'gift-cards',
        main: 'apps/gift-cards/dist/main.js',
        portSetting: 'GIFT_CARDS_PORT',
        defaultPort: 3002,
        databaseSetting: 'GIFT_CARDS_DATABASE_URL',
        database: 'gift-cards',
      },
    ]);
  });

  it('do not share a port', () => {
    write('one', { devStack: { port: 3002 } });
    write('two', { devStack: { port: 3002 } });
    expect(() => findApps(root)).toThrow(/one and two have the same port 3002/);
  });

  it.each([{}, { port: '3002' }, { port: 0.5 }])('have a port, which %j is not', (devStack) => {
    write('one', { devStack });
    expect(() => findApps(root)).toThrow('devStack of one needs a port');
  });

  it('are auth and orders at least here', () => {
    const names = findApps(ROOT).map(({ name }) => name);
    expect(names.slice(0, 2)).toEqual(['auth', 'orders']);
    expect(() => appNamed('nobody')).toThrow(/no app nobody, only auth, orders/);
  });
});
