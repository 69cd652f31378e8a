import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readConfig } from '../settings.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'access-model-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function read(content: string | Buffer, settings: Record<string, string> = {}) {
  const file = path.join(folder, 'access-model.yaml');
  writeFileSync(file, content);
  return config(file, settings);
}

const config = (file: string, settings: Record<string, string> = {}) =>
  readConfig({ DATABASE_URL: 'postgres://a:b@c/d', ACCESS_MODEL: file, ...settings }).accessModel;

function problems(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    return (error as Error).message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
  return [];
}

const YAML = `
# What our services know.
resources:
  - audience: https://billing.example.com
    scopes:
      - bills:read
      - { name: bills:pay, description: Pay a bill }
  - scopes: [orders:read]
roles:
  - name: clerk
    scopes: [bills:read, bills:pay, orders:read, account]
`;

const MODEL = {
  resources: [
    {
      audience: 'https://billing.example.com',
      scopes: [
        { name: 'bills:read', description: '' },
        { name: 'bills:pay', description: 'Pay a bill' },
      ],
    },
    { scopes: [{ name: 'orders:read', description: '' }] },
  ],
  roles: [{ name: 'clerk', scopes: ['bills:read', 'bills:pay', 'orders:read', 'account'] }],
};

describe('ACCESS_MODEL', () => {
  it('is a file of YAML', () => {
    expect(read(YAML)).toEqual({ source: 'ACCESS_MODEL', model: MODEL });
  });

  it('is a file of JSON', () => {
    expect(read(JSON.stringify(MODEL)).model).toEqual(MODEL);
  });

  it('may be in production, where nothing else fills the tables', () => {
    const production = {
      NODE_ENV: 'production',
      KEY_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
      ISSUER: 'https://auth.example.com',
    };
    expect(read(YAML, production).source).toBe('ACCESS_MODEL');
    const { source, model } = readConfig({
      DATABASE_URL: 'postgres://a:b@c/d',
      ...production,
    }).accessModel;
    expect({ source, model }).toEqual({ source: 'none', model: { resources: [], roles: [] } });
  });

  it('reports everything that is wrong with it at once, with its place', () => {
    const wrong = `
resources:
  - audience: one
    scopes: [a, admin]
  - audience: two
    scope: [b]
  - audience: two
    scopes: [c]
  - audience: two
    scopes: ['d e']
roles:
  - name: admin
    scopes: [account]
  - name: a b
    scopes: [c, c]
  - name: same
    scopes: []
  - name: same
    scopes: []
`;
    expect(problems(() => read(wrong))).toEqual([
      'ACCESS_MODEL: resources.0.scopes: admin and account are scopes of auth itself',
      expect.stringContaining('resources.1.scopes: '),
      expect.stringContaining('resources.1: '),
      expect.stringContaining('resources.3.scopes.0: '),
      expect.stringContaining('roles.1.name: '),
      expect.stringContaining('roles.1.scopes: has a scope twice'),
      'ACCESS_MODEL: roles: "same" is the name of two',
      'ACCESS_MODEL: roles: the role admin must have the scope admin',
    ]);
  });

  it.each([
    [
      'a scope that no resource has',
      'roles: [{ name: a, scopes: [x, account] }]',
      'roles.0.scopes.0: x ',
    ],
    [
      'an audience twice',
      'resources: [{ audience: a, scopes: [] }, { audience: a, scopes: [] }]',
      'resources: "a" is the audience of two',
    ],
    [
      'AUDIENCE twice',
      'resources: [{ scopes: [] }, { scopes: [] }]',
      'resources: "api" is the audience of two',
    ],
    [
      'AUDIENCE once by its name, and once without one',
      'resources: [{ audience: api, scopes: [] }, { scopes: [] }]',
      'resources: "api" is the audience of two',
    ],
    [
      'the audience of auth',
      'resources: [{ audience: http://localhost:3000, scopes: [] }]',
      'ISSUER',
    ],
    ['another member', 'users: []', 'users'],
    ['a list', '[]', 'expected object'],
    ['nothing', '', 'expected object'],
    ['a number for a scope', 'resources: [{ audience: a, scopes: [1] }]', 'resources.0.scopes.0'],
    ['a member twice', 'roles: []\nroles: []', 'Map keys must be unique at line 2'],
    ['what is no YAML', 'roles: [', 'line 1'],
    ['a tag', 'roles: !!js/function "x"', 'Unresolved tag'],
    ['aliases of aliases', bomb(), 'Excessive alias count'],
    ['a merge of what is no map', '%YAML 1.1\n---\n<<: 5', 'Merge sources must be maps'],
    [
      'half a character',
      'resources: [{ audience: "a\\ud800", scopes: [] }]',
      'resources.0.audience',
    ],
  ])('is refused with %s', (_, content, problem) => {
    expect(problems(() => read(content)).join('\n')).toContain(problem);
  });

  it('may name an audience AUDIENCE, which is not that of the setting', () => {
    const both = 'resources: [{ audience: AUDIENCE, scopes: [] }, { scopes: [] }]';
    expect(read(both).model.resources).toHaveLength(2);
    expect(problems(() => read(both, { AUDIENCE: 'AUDIENCE' }))).toEqual([
      'ACCESS_MODEL: resources: "AUDIENCE" is the audience of two',
    ]);
  });

  it('is refused if it cannot be read, or is no text', () => {
    const missing = path.join(folder, 'missing.yaml');
    expect(problems(() => config(missing))).toEqual(['ACCESS_MODEL: cannot be read (ENOENT)']);
    expect(problems(() => config(folder))).toEqual(['ACCESS_MODEL: is not a file']);
    const bytes = Buffer.from([0x61, 0xff, 0xfe]);
    expect(problems(() => read(bytes))).toEqual(['ACCESS_MODEL: is not UTF-8']);
    expect(problems(() => read(' '.repeat(1_048_577)))).toEqual([
      'ACCESS_MODEL: is larger than 1048576 bytes',
    ]);
  });

  it('is reported beside other wrong settings', () => {
    const all = problems(() => read('users: []', { AUTH_PORT: 'x' }));
    expect(all.map((line) => line.split(':')[0])).toEqual(['AUTH_PORT', 'ACCESS_MODEL']);
  });
});

function bomb(): string {
  const lines = Array.from({ length: 12 }, (_, n) => {
    const before = n === 0 ? 'x' : `*a${n - 1}`;
    return `a${n}: &a${n} [${Array(9).fill(before).join(', ')}]`;
  });
  return lines.join('\n');
}
