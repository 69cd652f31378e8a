// The specs that .ci/mutation.mjs runs: those beside the mutated sources.
import process from 'node:process';
import { defineConfig } from 'vitest/config';
import { testProject } from '../vitest.shared.ts';

const folder = process.env.MUTATION_FOLDER;
const postgres = folder?.startsWith('apps/auth/');
const project = testProject('mutation', [`${folder}/**/*.spec.ts`], { isolate: false, postgres });

export default defineConfig({
  ...project,
  test: {
    ...project.test,
    setupFiles: [...project.test.setupFiles, `${import.meta.dirname}/mutation.setup.mjs`],
    // They would try thousands of cases for nearly each mutant.
    exclude: ['**/*.property.spec.ts', '**/collected-bytes.spec.ts'],
    // Of a spec that waits for what a mutant has taken away.
    expect: { poll: { timeout: 3_000 } },
  },
});
