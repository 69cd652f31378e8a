import { defineConfig, type ViteUserConfig } from 'vitest/config';

// Libraries are tested from their source; only e2e suites run what was built.
const conditions = ['@jwt-auth/source', 'module', 'node', 'development|production'];

const path = (file: string) => new URL(file, import.meta.url).pathname;

/**
 * The `unit` project of a workspace member, or with `e2e` its black-box one. With `postgres` the
 * run gets a server of its own, on which each spec makes its `freshDatabase()`. Without `isolate`
 * the specs of a worker share their modules, for a member whose imports take longer than its tests.
 */
export function testProjects({
  e2e = false,
  postgres = false,
  isolate = true,
} = {}): ViteUserConfig {
  const name = e2e ? 'e2e' : 'unit';
  return defineConfig({
    test: {
      // Two suites at a time: they wait for servers more than they work.
      maxWorkers: e2e ? 2 : undefined,
      reporters: ['default', ['json', { outputFile: `test-results/${name}.json` }]],
      projects: [
        {
          oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
          resolve: { conditions },
          ssr: { resolve: { conditions } },
          test: {
            name,
            environment: 'node',
            isolate,
            include: [e2e ? 'src/**/*.e2e-spec.ts' : 'src/**/*.spec.ts'],
            setupFiles: [path('./vitest.setup.ts')],
            globalSetup: postgres ? [path('./libs/dev-stack/src/vitest/global-setup.ts')] : [],
            testTimeout: 60_000,
            hookTimeout: 120_000,
          },
        },
      ],
    },
  });
}
