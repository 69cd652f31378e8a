import eslint from '@eslint/js';
import nx from '@nx/eslint-plugin';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const tests = [
  '**/*.spec.ts',
  '**/*.e2e-spec.ts',
  '**/*.extended-spec.ts',
  '**/*.package-spec.ts',
  '**/*.images-spec.ts',
  '**/*.spec-support.ts',
  '**/*.fixture.ts',
];

/** dev-stack starts servers for tests and `npm start`: nothing that is installed may need it. */
const devStack = {
  group: ['@jwt-auth/dev-stack', '@jwt-auth/dev-stack/*'],
  message: 'dev-stack is for tests only.',
};

/** Forbids imports in the sources of some files. dev-stack is always among them. */
const restrictImports = (files, ...patterns) => ({
  files,
  ignores: tests,
  rules: { 'no-restricted-imports': ['error', { patterns: [devStack, ...patterns] }] },
});

/** Forbids imports of the named folders, for files in one folder of jwt-core. */
const folder = (name, group, message) =>
  restrictImports([`libs/jwt-core/src/${name}/**/*.ts`], { group, message });
const frameworks = ['@nestjs/*', 'typeorm', 'pg', 'express', 'fastify', 'passport'];
const frameworksAndNest = [
  ...frameworks,
  '**/nest/**',
  '**/postgres/**',
  '**/testing/**',
  '**/index.js',
];

/** Rules that need types are in .oxlintrc.json. */
export default defineConfig(
  {
    ignores: [
      'apps/package-e2e/projects/**',
      // Sources of a service that does not exist. The tests of the generator lint what it makes.
      'tools/template/**',
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
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.recommended],
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
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
    files: [
      '**/config.ts',
      'libs/dev-stack/**',
      '**/*-e2e/**',
      'bench/**',
      'chaos/**',
      'examples/**',
      ...tests,
    ],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: tests,
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'CallExpression[callee.object.name="vi"][callee.property.name=/^wait(For|Until)$/][arguments.length<2]',
          message: 'It gives up after a second, which a busy machine misses. Use expect.poll.',
        },
      ],
    },
  },
  {
    files: ['libs/dev-stack/**', 'bench/**', 'chaos/**', 'examples/**'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['**/*.{ts,tsx}'],
    ignores: ['**/vitest.config.ts', 'vitest.*.ts', '**/vite.config.ts'],
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
            { sourceTag: 'type:page', onlyDependOnLibsWithTags: ['type:lib'] },
            { sourceTag: 'type:chassis', onlyDependOnLibsWithTags: ['type:lib', 'type:tool'] },
            // For specs alone: `no-restricted-imports` below keeps dev-stack out of the sources.
            { sourceTag: 'type:lib', onlyDependOnLibsWithTags: ['type:tool'] },
            { sourceTag: 'type:tool', onlyDependOnLibsWithTags: ['type:lib'] },
            { sourceTag: 'type:e2e', onlyDependOnLibsWithTags: ['type:lib', 'type:tool'] },
          ],
        },
      ],
    },
  },
  restrictImports(['apps/!(*-e2e)/src/**/*.ts', 'libs/*/src/**/*.ts']),
  folder('timing', [...frameworks, '../*'], 'timing/ imports node:* alone.'),
  folder(
    'issuer',
    [...frameworksAndNest, '**/verifier/**', '**/keys/**', '**/client/**', '**/revocation/**'],
    'issuer/ imports timing/ and node:*.',
  ),
  ...['client', 'keys', 'revocation'].map((name) =>
    folder(name, frameworksAndNest, 'The framework-free folders never import a framework.'),
  ),
  folder(
    'verifier',
    [...frameworksAndNest, '**/keys/**', '**/client/**', '**/introspection/**'],
    'verifier/ declares KeySet and ReferenceTokenSource. Others implement them and import it.',
  ),
  folder(
    'verifier/introspection',
    [...frameworksAndNest, '**/keys/**', '**/client/**'],
    'The framework-free folders never import a framework.',
  ),
  ...['http', 'runtime', 'standalone'].map((name) =>
    folder(
      name,
      [...frameworks, '**/nest/**', '**/postgres/**', '**/testing/**', '**/index.js'],
      'What the entry ./verifier is made of never imports a framework.',
    ),
  ),
  folder(
    'postgres',
    ['**/verifier/**', '**/keys/**', '**/nest/**', '**/testing/**', '**/index.js'],
    'postgres/ imports only revocation/ and timing/.',
  ),
  folder(
    'nest',
    [
      'passport',
      '@nestjs/passport',
      '**/passport/**',
      '**/postgres/**',
      '**/testing/**',
      '**/index.js',
    ],
    'nest/ imports the framework-free folders.',
  ),
  folder(
    'passport',
    ['**/postgres/**', '**/testing/**', '**/index.js'],
    'passport/ imports nest/ and the framework-free folders.',
  ),
  folder('testing', ['**/index.js'], 'Nothing imports index.ts from inside.'),
  folder(
    'attack',
    [...frameworks, '**/nest/**', '**/postgres/**', '**/verifier/**', '**/index.js'],
    'attack/ imports testing/ and node:*: it must run where no framework is installed.',
  ),
);
