import eslint from '@eslint/js';
import nx from '@nx/eslint-plugin';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Forbids imports of the named rooms, for files under one room of jwt-core. */
const room = (name, group, message) => ({
  files: [`libs/jwt-core/src/${name}/**/*.ts`],
  ignores: ['**/*.spec.ts', '**/*.spec-support.ts'],
  rules: { 'no-restricted-imports': ['error', { patterns: [{ group, message }] }] },
});
const frameworks = ['@nestjs/*', 'typeorm', 'pg', 'express', 'fastify', 'passport'];

export default defineConfig(
  {
    ignores: [
      '**/compiled/**',
      '**/dist/**',
      '**/dist-spec/**',
      '**/test-results/**',
      '**/.nx/**',
      '**/*.d.ts',
    ],
  },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/no-redeclare': 'off',
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Settings are parsed once, in config.ts.' },
      ],
    },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly' } },
  },
  {
    files: ['**/vitest.config.ts', 'vitest.*.ts'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { parserOptions: { projectService: false } },
  },
  {
    files: [
      '**/config.ts',
      'libs/dev-stack/**',
      '**/*-e2e/**',
      'bench/**',
      'chaos/**',
      'examples/**',
      '**/*.spec.ts',
    ],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: ['libs/dev-stack/**', 'bench/**', 'chaos/**', 'examples/**'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['**/*.ts'],
    ignores: ['**/vitest.config.ts', 'vitest.*.ts'],
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          depConstraints: [
            {
              sourceTag: 'type:app',
              onlyDependOnLibsWithTags: ['type:lib', 'type:chassis', 'type:tool'],
            },
            { sourceTag: 'type:chassis', onlyDependOnLibsWithTags: ['type:lib', 'type:tool'] },
            // Only for their specs; `no-restricted-imports` keeps it out of the sources.
            { sourceTag: 'type:lib', onlyDependOnLibsWithTags: ['type:tool'] },
            { sourceTag: 'type:tool', onlyDependOnLibsWithTags: ['type:lib'] },
            { sourceTag: 'type:e2e', onlyDependOnLibsWithTags: ['type:lib', 'type:tool'] },
          ],
        },
      ],
    },
  },
  room('issuer', [...frameworks, '../*'], 'issuer/ stands on node:* alone.'),
  ...['client', 'token', 'keys', 'reference', 'revocation'].map((name) =>
    room(
      name,
      [...frameworks, '**/nest/**', '**/postgres/**', '**/testing/**', '**/index.js'],
      'The plain rooms never import a framework.',
    ),
  ),
  room(
    'postgres',
    ['**/token/**', '**/keys/**', '**/nest/**', '**/testing/**', '**/index.js'],
    'postgres/ imports only revocation/.',
  ),
  room(
    'nest',
    ['**/postgres/**', '**/testing/**', '**/index.js'],
    'nest/ imports the plain rooms.',
  ),
  room('testing', ['**/index.js'], 'Nothing imports index.ts from inside.'),
);
