import { availableParallelism } from 'node:os';
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import base from './tsconfig.base.json' with { type: 'json' };

// Libraries are tested from their source; only e2e suites run what was built.
const conditions = ['@jwt-auth/source', 'node', 'development|production'];

const path = (file: string) => new URL(file, import.meta.url).pathname;

/**
 * jwt-core has no such condition: its manifest is published as it is, and names published files alone.
 */
const alias = Object.entries(base.compilerOptions.paths).map(([name, [source]]) => ({
  find: new RegExp(`^${name}$`),
  replacement: path(source),
}));

/** One set of specs, of which the paths are globs. */
export const testProject = (name: string, include: string[], { postgres = false } = {}) => ({
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  resolve: { conditions, alias },
  ssr: { resolve: { conditions } },
  test: {
    name,
    environment: 'node' as const,
    // The specs of a worker share their modules: imports take longer than most tests.
    isolate: false,
    include,
    setupFiles: ['reflect-metadata'],
    globalSetup: postgres ? [path('./libs/dev-stack/src/vitest/global-setup.ts')] : [],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // A busy machine takes longer than a second, the default, for what it does in milliseconds else.
    expect: { poll: { timeout: 20_000 } },
  },
});

/**
 * The specs beside their sources are one project, `test`: unit specs (`*.spec.ts`), which need Node alone,
 * and those of which each makes its `freshDatabase()` (`*.database-spec.ts`). All other specs are named
 * after what they need:
 *
 * - `e2e`: built apps or whole stacks
 * - `faults`: the same while something breaks: networks, restarts, floods, another release beside this one
 * - `pages`: a browser
 * - `package`: the npm registry, to install what was packed
 * - `images`: a container engine
 * - `extended`: minutes, so they are left to the workflow
 */
const KINDS = ['e2e', 'faults', 'pages', 'package', 'images', 'extended'];

/**
 * The projects of a workspace member. With `postgres` a run gets a server of its own, unless all its specs
 * are unit specs.
 *
 * @param folder of the member: where the specs are, also if vitest starts in a folder below it
 */
export function testProjects(folder: string, { postgres = false } = {}): ViteUserConfig {
  const project = (name: string, include: string) => testProject(name, [include], { postgres });
  return defineConfig({
    root: folder,
    test: {
      // One for each core, where the default leaves one core out: specs wait for servers and clocks
      // most of the time. With more, those that measure times fail on a busy machine.
      maxWorkers: Math.max(2, availableParallelism()),
      projects: [
        project('test', 'src/**/*.{spec,database-spec}.ts'),
        ...KINDS.map((kind) => project(kind, `src/**/*.${kind}-spec.ts`)),
      ],
    },
  });
}
