import { defineConfig, type ViteUserConfig } from 'vitest/config';

// Libraries are tested from their source; only e2e suites run what was built.
const conditions = ['@jwt-auth/source', 'module', 'node', 'development|production'];

/** The `unit` project of a workspace member, and with `e2e` the black-box one beside it. */
export function testProjects({ e2e = false }: { e2e?: boolean } = {}): ViteUserConfig {
  const name = e2e ? 'e2e' : 'unit';
  return defineConfig({
    test: {
      reporters: ['default', ['json', { outputFile: `test-results/${name}.json` }]],
      projects: [
        {
          oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
          resolve: { conditions },
          ssr: { resolve: { conditions } },
          test: {
            name,
            environment: 'node',
            include: [e2e ? 'src/**/*.e2e-spec.ts' : 'src/**/*.spec.ts'],
            setupFiles: [new URL('./vitest.setup.ts', import.meta.url).pathname],
            testTimeout: e2e ? 60_000 : 20_000,
            hookTimeout: 120_000,
          },
        },
      ],
    },
  });
}
