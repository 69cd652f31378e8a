// The specs that .ci/mutation.mjs runs: those beside the mutated sources.
import process from 'node:process';
import { defineConfig } from 'vitest/config';
import { testProject } from '../vitest.shared.ts';
import { keptThread, QuickFirst } from './mutation.pool.mjs';

/** Specs elsewhere, of what a folder does. */
const ELSEWHERE = {
  'apps/auth/src/sessions': [
    'apps/auth/src/access/mfa-roles.database-spec.ts',
    'apps/auth/src/access/narrowing.database-spec.ts',
    'apps/auth/src/accounts/account-export.database-spec.ts',
    'apps/auth/src/factors/passkeys.database-spec.ts',
    'apps/auth/src/receipts/receipts.database-spec.ts',
  ],
};

const folder = process.env.MUTATION_FOLDER;
const postgres = folder?.startsWith('apps/auth/');
const specs = [`${folder}/**/*.{spec,database-spec}.ts`, ...(ELSEWHERE[folder] ?? [])];
const project = testProject('mutation', specs, { postgres });

export default defineConfig({
  ...project,
  plugins: [keptThread],
  test: {
    ...project.test,
    setupFiles: [...project.test.setupFiles, `${import.meta.dirname}/mutation.setup.mjs`],
    // They would try thousands of cases for nearly each mutant.
    exclude: ['**/*.property.*spec.ts', '**/collected-bytes.spec.ts'],
    // Of a spec that waits for what a mutant has taken away. An app may be slow on a busy machine.
    expect: { poll: { timeout: postgres ? 8_000 : 3_000 } },
    ...(postgres && { testTimeout: 20_000, hookTimeout: 30_000 }),
    sequence: { sequencer: QuickFirst },
  },
});
