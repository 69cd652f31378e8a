import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { copyWorkspace, runNode } from './new-service/workspace-copy.fixture.js';

const { resolve } = createRequire(import.meta.url);
const OXLINT = path.join(path.dirname(resolve('oxlint/package.json')), 'bin/oxlint');

/** What a source in a folder may not import, and the rule that says so. */
const FORBIDDEN: readonly (readonly [folder: string, module: string, rule: string])[] = [
  ...[
    ['libs/jwt-core/src/timing', '../keys/jwk.js'],
    ['libs/jwt-core/src/issuer', '../verifier/signature.js'],
    ['libs/jwt-core/src/client', '../nest/jwt.guard.js'],
    ['libs/jwt-core/src/keys', '../index.js'],
    ['libs/jwt-core/src/revocation', 'typeorm'],
    ['libs/jwt-core/src/revocation', '../verifier/strict-json.js'],
    ['libs/jwt-core/src/keys', '../passport/index.js'],
    ['libs/jwt-core/src/verifier', '../keys/jwk.js'],
    ['libs/jwt-core/src/verifier', './introspection-source.js'],
    ['libs/jwt-core/src/http', '../postgres/index.js'],
    ['libs/jwt-core/src/runtime', '../nest/jwt.guard.js'],
    ['libs/jwt-core/src/standalone', 'fastify'],
    ['libs/jwt-core/src/postgres', '../verifier/signature.js'],
    ['libs/jwt-core/src/postgres/feed', '../../nest/jwt.guard.js'],
    ['libs/jwt-core/src/nest', '../postgres/index.js'],
    ['libs/jwt-core/src/passport', '../testing/index.js'],
    ['libs/jwt-core/src/test-issuer', '../attack/attack.js'],
    ['libs/jwt-core/src/testing', '../index.js'],
    ['libs/jwt-core/src/attack', '../verifier/signature.js'],
    ['apps/auth/src', '@jwt-auth/dev-stack'],
    ['apps/auth/src/audit', '../users/user.entity.js'],
    ['apps/auth/src/mail', '../settings.js'],
    ['apps/auth/src/users', '../core.module.js'],
    ['apps/auth/src/database/migrations', '../../settings.js'],
    ['apps/auth/src/sessions', '../testing/auth-app.fixture.js'],
    ['apps/auth/src/credentials', '../users/user.entity.js'],
    ['libs/chassis/src/http', '@jwt-auth/dev-stack/mailbox'],
    ['libs/chassis/src/logging', '../http/cors.js'],
  ].map(([folder, module]) => [folder!, module!, 'no-restricted-imports'] as const),
  ['apps/console/src', '@jwt-auth/chassis', 'enforce-module-boundaries'],
  ['libs/browser/src', '@jwt-auth/chassis', 'enforce-module-boundaries'],
  ['apps/orders/src', '../../auth/src/clock.js', 'enforce-module-boundaries'],
];

let workspace: string;
let report: string;
beforeAll(async () => {
  workspace = copyWorkspace();
  const files = FORBIDDEN.map(([folder, module], index) => {
    const file = path.join(folder, `forbidden-${index}.ts`);
    const source = `import * as forbidden from '${module}';\nexport const found = forbidden;\n`;
    writeFileSync(path.join(workspace, file), source);
    return file;
  });
  // The rule about projects needs the graph that this leaves.
  await runNode(workspace, resolve('nx/bin/nx.js'), 'show', 'projects');
  const lint = runNode(workspace, OXLINT, '--config', 'oxlint.config.mjs', '--format', 'unix', ...files); // oxfmt-ignore
  report = await lint.catch(({ message }: Error) => message);
});
afterAll(() => rmSync(workspace, { recursive: true, force: true }));

it.each(FORBIDDEN.map((each, index) => [...each, index] as const))(
  'lint forbids %s to import %s',
  (_folder, _module, rule, index) => {
    const lines = report.split('\n').filter((line) => line.includes(`forbidden-${index}.ts:1:`));
    expect(lines.join('\n'), report).toContain(rule);
  },
);
