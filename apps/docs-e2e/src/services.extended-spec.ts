import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { ROOT } from '@jwt-auth/dev-stack';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { samplesOf } from './guide.js';

const run = promisify(execFile);
const samples = samplesOf('docs/services.md').filter(({ language }) => language === 'ts');

/** What the guide does not show: a tsconfig, and Jest, of which the program is run by vitest here. */
const AROUND = {
  'package.json': '{"type":"module"}',
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      ...{ target: 'es2023', module: 'nodenext', strict: true, noEmit: true, skipLibCheck: true },
      ...{ experimentalDecorators: true, emitDecoratorMetadata: true, types: ['node'] },
      ...{ isolatedModules: true, noUncheckedIndexedAccess: true },
    },
    include: ['*.ts'],
  }),
  'jest.d.ts': `declare module '@jest/globals' { export * from 'vitest'; }`,
  'all.config.mjs': `import config from './vitest.config.ts';
    export default {
      ...config,
      resolve: { alias: { '@jest/globals': 'vitest' } },
      test: {
        ...{ include: ['*.spec.ts', '*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
        // Loaded by Node, as any package. The link in node_modules leads out of it.
        server: { deps: { external: [/\\/libs\\/jwt-core\\/dist\\//] } },
      },
    };`,
  // The app while its routes are moved.
  'migration.spec.ts': `
    import { Logger, type INestApplication } from '@nestjs/common';
    import { Test } from '@nestjs/testing';
    import { TestIssuer } from '@jwt-auth/jwt-core/testing';
    import { SignJWT } from 'jose';
    import { afterAll, beforeAll, expect, it, vi } from 'vitest';
    import { AppModule } from './app.module.js';
    import { Settings } from './settings.js';

    const secret = 'a secret of the old days, 32 bytes';
    let issuer: TestIssuer;
    let app: INestApplication;
    let old: string;
    beforeAll(async () => {
      issuer = await TestIssuer.start({ audience: 'reports' });
      const settings = { issuer: issuer.issuer, audience: 'reports', legacySecret: secret };
      const builder = Test.createTestingModule({ imports: [AppModule] });
      app = (
        await builder.overrideProvider(Settings).useValue(settings).compile()
      ).createNestApplication();
      await app.listen(0);
      const signing = new SignJWT({ sub: 'ada' }).setProtectedHeader({ alg: 'HS256' });
      old = await signing.sign(new TextEncoder().encode(secret));
    });
    afterAll(async () => {
      await app.close();
      await issuer.close();
    });

    it.each([
      ['invoices', 200, 401],
      ['payments', 200, 200],
      ['reports', 401, 200],
    ])('%s: %i for an old token, %i for a new one, 401 for none', async (path, ofOld, ofNew) => {
      const status = async (token?: string) => {
        const headers = new Headers();
        if (token !== undefined) headers.set('authorization', \`Bearer \${token}\`);
        return (await fetch(\`\${await app.getUrl()}/\${path}\`, { headers })).status;
      };
      const fresh = issuer.mint({ sub: 'ada', scope: 'reports:read' });
      expect([await status(old), await status(fresh)]).toEqual([ofOld, ofNew]);
      expect([await status(), await status('a.b.c')]).toEqual([401, 401]);
    });

    it('is ready at once, as the start has waited for the issuer', async () => {
      const answer = await fetch(\`\${await app.getUrl()}/health/ready\`);
      expect(await answer.json()).toEqual({ status: 'ready', notes: [] });
    });`,
};

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'services-'));
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(directory, 'node_modules'));
  for (const { code } of samples) {
    const [, name = ''] = /^\/\/ ([\w.-]+\.ts)\n/.exec(code) ?? [];
    writeFileSync(path.join(directory, name), code);
  }
  for (const [name, text] of Object.entries(AROUND)) {
    writeFileSync(path.join(directory, name), text);
  }
});
afterAll(() => rmSync(directory, { recursive: true }));

/** @throws Error with all that the program printed */
async function runProgram(program: string, ...args: string[]): Promise<string> {
  const file = path.join(ROOT, 'node_modules', program);
  const env = { PATH: process.env['PATH'], CI: 'true' };
  try {
    const { stdout } = await run(process.execPath, [file, ...args], { cwd: directory, env });
    return stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${stdout}\n${stderr}`, { cause: error });
  }
}

it('docs/services.md has the programs of each step', () => {
  expect(samples).toHaveLength(10);
});

it('docs/services.md has types', async () => {
  await runProgram('typescript/bin/tsc6', '-p', '.');
}, 120_000);

it('docs/services.md works: the app while it is moved, and its tests', async () => {
  const args = ['run', '--config', 'all.config.mjs', '--reporter=json'];
  const report = await runProgram('vitest/vitest.mjs', ...args);
  const { numPassedTests, numTotalTests } = JSON.parse(report) as Record<string, number>;
  expect([numPassedTests, numTotalTests]).toEqual([7, 7]);
}, 120_000);
