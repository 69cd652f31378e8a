import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from '@jwt-auth/dev-stack';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';

/** After how many renames the next one fails. */
const disk = vi.hoisted(() => ({ renames: Infinity }));
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const renameSync: typeof fs.renameSync = (from, to) => {
    disk.renames -= 1;
    if (disk.renames < 0) throw new Error('the disk is full');
    fs.renameSync(from, to);
  };
  return { ...fs, renameSync };
});

// It needs no build, hence no types.
const generator = new URL('./new-service.mjs', import.meta.url).href;
const { newService } = (await import(generator)) as {
  newService: (root: string, name: string) => Promise<{ port: number; written: string[] }>;
};

const ACCESS_MODEL = 'deploy/kubernetes/base/access-model.yaml';

/** All that the generator reads. */
const READ = [
  ...['package.json', 'package-lock.json', '.oxfmtrc.json'],
  ...['deploy', 'docker-compose.yml', '.env.example', 'migrations.lock'],
  ...['apps/auth/package.json', 'apps/auth/src/access/development.json'],
  ...['apps/orders', 'apps/orders-e2e'],
];
const LEFT_OUT = ['node_modules', 'dist', 'dist-spec', 'compiled', 'test-results'];

const OWN_IMPORT = /^import (?:type )?\{([^}]*)\} from '(\.[^']*\.js)';$/gm;

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'new-service-'));
  for (const file of READ) {
    cpSync(path.join(ROOT, file), path.join(root, file), {
      recursive: true,
      filter: (source) => !LEFT_OUT.includes(path.basename(source)),
    });
  }
});
afterEach(() => {
  disk.renames = Infinity;
  rmSync(root, { recursive: true });
});

const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

/** Every file with its content. */
function snapshot(folder = ''): Map<string, string> {
  const entries = readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return new Map(
    files.map(({ parentPath, name }) => {
      const file = path.relative(root, path.join(parentPath, name));
      return [file, read(file)];
    }),
  );
}

describe('a new service', () => {
  it.each(['back-orders', 'e'])('named %s has nothing of orders', async (name) => {
    const { port } = await newService(root, name);
    expect(port).toBe(3002);
    const files = [...snapshot(`apps/${name}`), ...snapshot(`apps/${name}-e2e`)];
    expect(files.length).toBeGreaterThan(25);
    for (const [file, text] of files) {
      const own = `${file}\n${text}`.replaceAll(/back(-|_)?orders/gi, '');
      expect(own).not.toMatch(/orders|service-?_?name|3001|9465/i);
    }
  });

  it('has its name in each spelling, where it belongs', async () => {
    await newService(root, 'gift-cards');
    expect(read('apps/gift-cards/src/gift-cards/gift-cards.controller.ts')).toMatch(
      /@Controller\('gift-cards'\)[^]+class GiftCardsController[^]+'gift-cards:write'/,
    );
    expect(read('apps/gift-cards/src/config.ts')).toContain(
      `GIFT_CARDS_AUDIENCE: text().default('gift-cards')`,
    );
    expect(read('apps/gift-cards/Dockerfile')).toMatch(/process\.env\.GIFT_CARDS_PORT [^]+ 3002\}/);
    expect(read('apps/gift-cards/src/database/gift-cards-database.ts')).toMatch(
      /function giftCardsDatabase\(/,
    );
    expect(read('docker-compose.yml')).toMatch(
      /^ {2}gift-cards:\n[^]+secrets: \[gift_cards_database_url\]\n[^]+\$\{GIFT_CARDS_PORT:-3002\}/m,
    );
    expect(read('docker-compose.yml')).toContain('      - gift_cards_database_password\n');
    for (const script of ['make-databases.sh', 'make-secrets.sh']) {
      expect(read(`deploy/compose/${script}`)).toContain('for app in auth orders gift_cards; do\n');
    }
    expect(read('.env.example')).toContain('# GIFT_CARDS_PORT=3002\n');
    expect(read('migrations.lock')).toMatch(/-create-gift-cards-entries\.ts\n$/);
  });

  it('imports from its own files only what they export', async () => {
    await newService(root, 'gift-cards');
    const files = new Map(
      [...snapshot()].filter(([file]) => /^apps\/gift-cards.*\.ts$/.test(file)),
    );
    for (const [file, text] of files) {
      for (const [, names = '', specifier = ''] of text.matchAll(OWN_IMPORT)) {
        const target = path.join(path.dirname(file), specifier.replace(/\.js$/, '.ts'));
        for (const name of names
          .replaceAll('type ', '')
          .split(',')
          .filter((each) => each.trim())) {
          const exported = new RegExp(`export [^\n]*\\b${name.trim()}\\b`);
          expect(files.get(target), `${file}: ${specifier}`).toMatch(exported);
        }
      }
    }
  });

  it('is formatted, and so is what it changes', async () => {
    const { written } = await newService(root, 'quite-a-long-name-of-a-service');
    const own = [...snapshot('apps').keys()].filter((file) => file.includes('quite-a-long'));
    const oxfmt = path.join(ROOT, 'node_modules/.bin/oxfmt');
    const files = [...own, ...written];
    execFileSync(oxfmt, ['--check', ...files], { cwd: root, stdio: 'pipe' });
    expect(files.filter((file) => file.endsWith('.ts')).length).toBeGreaterThan(5);
  });

  it('is in both access models, with a resource of its own, and leaves the rest as it was', async () => {
    const before = read(ACCESS_MODEL);
    await newService(root, 'billing');
    const { resources, roles } = JSON.parse(read('apps/auth/src/access/development.json')) as {
      resources: { audience?: string; scopes: { name: string }[] }[];
      roles: { name: string; scopes: string[] }[];
    };
    const scopes = ['billing:read', 'billing:write'];
    const resource = resources.find(({ audience }) => audience === 'billing');
    expect(resource?.scopes.map(({ name }) => name)).toEqual(scopes);
    expect(parse(read(ACCESS_MODEL))).toMatchObject({ resources, roles: [roles[0]] });
    const user = roles.find(({ name }) => name === 'user');
    expect(user?.scopes).toEqual(expect.arrayContaining(['orders:read', ...scopes]));
    const kept = before.split('\n').filter((line) => !line.includes('scopes: ['));
    expect(read(ACCESS_MODEL).split('\n')).toEqual(expect.arrayContaining(kept));
    expect(read(ACCESS_MODEL)).toContain('- audience: billing\n');
  });

  it('leaves the scripts of Compose executable, or not, as they were', async () => {
    const modes = () =>
      ['make-secrets.sh', 'make-databases.sh'].map(
        (script) => statSync(path.join(root, 'deploy/compose', script)).mode & 0o777,
      );
    chmodSync(path.join(root, 'deploy/compose/make-secrets.sh'), 0o700);
    const before = modes();
    await newService(root, 'billing');
    expect(modes()).toEqual(before);
  });

  it('gets the next port, and both stay', async () => {
    await newService(root, 'billing');
    expect((await newService(root, 'shipping')).port).toBe(3003);
    for (const name of ['billing', 'shipping']) {
      expect(read('docker-compose.yml')).toContain(`\n  ${name}:\n`);
      expect(read('package-lock.json')).toContain(`"apps/${name}-e2e": {`);
    }
  });
});

describe('nothing is written for', () => {
  it.each([
    ['no name', '', 'small letters'],
    ['a capital letter', 'Billing', 'small letters'],
    ['a digit at the start', '2billing', 'small letters'],
    ['a dash at the end', 'billing-', 'small letters'],
    ['an underscore', 'gift_cards', 'small letters'],
    ['a path', '../x', 'small letters'],
    ['a name with a NUL', 'a\0', 'small letters'],
    ['a name with a line break', 'billing\n', 'small letters'],
    ['other letters', 'größe', 'small letters'],
    ['100 characters', 'x'.repeat(100), 'at most 30'],
    ['31 characters', 'x'.repeat(31), 'at most 30'],
    ['the audience of all', 'api', 'reserved'],
    ['a route of every service', 'health', 'reserved'],
    ['tests', 'billing-e2e', 'reserved'],
    ['auth', 'auth', 'exists'],
    ['orders', 'orders', 'exists'],
    ['a container', 'postgres', 'reserved'],
  ])('%s', async (_, name, message) => {
    const before = snapshot();
    await expect(newService(root, name)).rejects.toThrow(
      expect.objectContaining({
        name: 'NewServiceError',
        message: expect.stringContaining(message) as string,
      }),
    );
    expect(snapshot()).toEqual(before);
  });

  it('a service that there is', async () => {
    await newService(root, 'billing');
    const before = snapshot();
    await expect(newService(root, 'billing')).rejects.toThrow('billing exists already');
    expect(snapshot()).toEqual(before);
  });

  it('a resource that there is', async () => {
    const model = read(ACCESS_MODEL);
    writeFileSync(
      path.join(root, ACCESS_MODEL),
      model.replace('resources:', 'resources:\n  - { audience: billing, scopes: [] }'),
    );
    await expect(newService(root, 'billing')).rejects.toThrow('billing exists already');
  });

  it.each([
    ['docker-compose.yml', 'orders:', 'shop:'],
    [ACCESS_MODEL, 'name: user', 'name: someone'],
    [ACCESS_MODEL, 'roles:', 'roles: }'],
    ['.env.example', '# ORDERS_PORT=', '# SHOP_PORT='],
    ['apps/orders/src/config.ts', '...TOKEN_SETTINGS,', '...SETTINGS_OF_TOKENS,'],
  ])('a workspace whose %s does not have what it needs: %s', async (file, from, to) => {
    writeFileSync(path.join(root, file), read(file).replace(from, to));
    const before = snapshot();
    await expect(newService(root, 'billing')).rejects.toThrow(path.basename(file));
    expect(snapshot()).toEqual(before);
  });

  it.each([0, 2, 5])('a disk that fails after %i renames', async (renames) => {
    const before = snapshot();
    disk.renames = renames;
    await expect(newService(root, 'billing')).rejects.toThrow('the disk is full');
    expect(snapshot()).toEqual(before);
    disk.renames = Infinity;
    await newService(root, 'billing');
  });

  it('the second of two at the same moment', async () => {
    const made = await Promise.allSettled(['one', 'two'].map((name) => newService(root, name)));
    expect(made.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(made[1]).toMatchObject({
      reason: { message: expect.stringContaining('Another service is being made') as string },
    });
    expect((await newService(root, 'two')).port).toBe(3003);
  });

  it('one that was killed, until what it left is removed', async () => {
    mkdirSync(path.join(root, '.data/new-service'), { recursive: true });
    await expect(newService(root, 'billing')).rejects.toThrow('remove .data/new-service');
  });
});

it('says on the terminal which name is missing or wrong', () => {
  const main = path.join(import.meta.dirname, 'main.mjs');
  const run = (...args: string[]) => {
    try {
      return execFileSync(process.execPath, [main, ...args], { encoding: 'utf8', stdio: 'pipe' });
    } catch (error) {
      const { status, stderr } = error as { status: number; stderr: string };
      return `${status} ${stderr}`;
    }
  };
  expect(run()).toBe('1 Which name? npm run new-service -- billing\n');
  expect(run('../x')).toMatch(/^1 A name has small letters.*"\.\.\/x"\.\n$/);
});
