import { defineConfig } from 'oxlint';

const tests = ['**/*.spec.ts', '**/*-spec.ts', '**/*.fixture.ts'];

/** dev-stack starts servers for tests and `npm start`: nothing that is installed may need it. */
const devStack = {
  group: ['@jwt-auth/dev-stack', '@jwt-auth/dev-stack/*'],
  message: 'dev-stack is for tests only.',
};

/** Forbids imports in the sources of some files. dev-stack is always among them. */
const restrictImports = (files, ...patterns) => ({
  files,
  excludeFiles: ['apps/*-e2e/**', ...tests],
  rules: { 'no-restricted-imports': ['error', { patterns: [devStack, ...patterns] }] },
});

/** Forbids imports of the named folders, for files in one folder of jwt-core. */
const folder = (name, group, message) =>
  restrictImports([`libs/jwt-core/src/${name}/**/*.ts`], { group, message });
const frameworks = ['@nestjs/*', 'typeorm', 'pg', 'express', 'fastify', 'passport'];
/** What services are tested with. */
const forTests = ['**/test-issuer/**', '**/attack/**', '**/testing/**'];
const frameworksAndNest = [
  ...frameworks,
  '**/nest/**',
  '**/postgres/**',
  ...forTests,
  '**/index.js',
];

/** For folders, and files beside them, of which each may import only those before it. */
const layers = (root, names) =>
  names.map((name, place) =>
    restrictImports([`${root}/${name}/**/*.ts`], {
      group: names
        .slice(place + 1)
        .flatMap((later) => [`../**/${later}/**`, `../${later}.js`])
        .concat('**/index.js'),
      message: `In oxlint.config.mjs ${name} stands before what it imports here.`,
    }),
  );

/** The folders of chassis. */
const CHASSIS = [
  ...['settings', 'errors', 'context', 'logging', 'tracing', 'readiness', 'database', 'pages'],
  ...['http', 'health', 'metrics', 'retention', 'process'],
];

/** The domains of auth and `settings.ts`, after three folders that import no domain. */
const AUTH_DOMAINS = [
  ...['crypto', 'credentials', 'events', 'audit', 'receipts', 'revocations', 'access', 'keys'],
  ...['mail', 'users', 'tokens', 'factors', 'sessions', 'accounts', 'clients', 'oauth', 'health'],
  ...['retention', 'database', 'settings', 'cli', 'console'],
];
const besideAuthDomains = restrictImports(
  [
    'apps/auth/src/{admin-controller.decorator,built-in-access,clock,config,custom-claims}.ts',
    'apps/auth/src/{expiry,exported-rows,outcomes,prefer}.ts',
  ],
  { group: ['./*/**'], message: 'A file that all domains may import imports no folder.' },
);

export default defineConfig({
  plugins: ['typescript', 'oxc', 'import'],
  jsPlugins: [
    { name: 'nx', specifier: '@nx/eslint-plugin' },
    { name: 'eslint-js', specifier: 'oxlint-plugin-eslint' },
  ],
  options: { typeAware: true },
  ignorePatterns: [
    'apps/package-e2e/projects/**',
    // Sources of a service that does not exist. The tests of the generator lint what it makes.
    'tools/template/**',
    '**/compiled/**',
    '**/dist/**',
    '**/dist-spec/**',
    '**/test-results/**',
    '**/*.d.ts',
  ],
  categories: { correctness: 'error' },
  rules: {
    // We copy rows and split strings with spreads, and sort strings alone. `return void` is a short form.
    'typescript/no-misused-spread': 'off',
    'typescript/require-array-sort-compare': 'off',
    'typescript/no-meaningless-void-operator': 'off',
    'no-array-constructor': 'error',
    'no-case-declarations': 'error',
    'no-empty': 'error',
    'no-fallthrough': 'error',
    'no-prototype-builtins': 'error',
    'no-regex-spaces': 'error',
    'no-unexpected-multiline': 'error',
    'no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    'no-var': 'error',
    'prefer-const': 'error',
    'prefer-rest-params': 'error',
    'prefer-spread': 'error',
    'preserve-caught-error': 'error',
  },
  overrides: [
    {
      files: ['**/*.mjs'],
      env: { node: true },
      rules: { 'no-undef': 'error', 'no-redeclare': 'error' },
    },
    {
      files: ['**/*.{ts,tsx}'],
      rules: {
        // It finds no circle through a `.tsx`, which is behind a name with `.js`.
        'import/no-cycle': ['error', { ignoreTypes: false }],
        'no-console': 'error',
        'no-restricted-properties': [
          'error',
          {
            object: 'process',
            property: 'env',
            message: 'Settings are parsed once, in config.ts (of auth in settings.ts).',
          },
        ],
        'typescript/ban-ts-comment': 'error',
        'typescript/no-empty-object-type': 'error',
        'typescript/no-explicit-any': 'error',
        'typescript/no-misused-promises': 'error',
        'typescript/no-namespace': 'error',
        'typescript/no-require-imports': 'error',
        'typescript/no-unnecessary-type-assertion': 'error',
        'typescript/no-unnecessary-type-constraint': 'error',
        'typescript/no-unsafe-argument': 'error',
        'typescript/no-unsafe-assignment': 'error',
        'typescript/no-unsafe-call': 'error',
        'typescript/no-unsafe-enum-comparison': 'error',
        'typescript/no-unsafe-function-type': 'error',
        'typescript/no-unsafe-member-access': 'error',
        'typescript/no-unsafe-return': 'error',
        'typescript/only-throw-error': 'error',
        'typescript/prefer-promise-reject-errors': 'error',
        'typescript/restrict-plus-operands': 'error',
      },
    },
    {
      files: [
        '**/config.ts',
        'apps/auth/src/settings.ts',
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
      files: ['libs/dev-stack/**', 'bench/**', 'chaos/**', 'examples/**'],
      rules: { 'no-console': 'off' },
    },
    {
      files: tests,
      rules: {
        'eslint-js/no-restricted-syntax': [
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
      files: ['**/*.{ts,tsx}'],
      excludeFiles: ['**/vitest.config.ts', 'vitest.*.ts', '**/vite.config.ts'],
      rules: {
        'nx/enforce-module-boundaries': [
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
    restrictImports(['apps/*/src/**/*.ts', 'libs/*/src/**/*.ts']),
    ...layers('libs/chassis/src', CHASSIS),
    ...layers('apps/auth/src', AUTH_DOMAINS),
    besideAuthDomains,
    restrictImports(['apps/console/src/{api,routing}/**/*.{ts,tsx}'], {
      group: ['../*/**'],
      message: 'api/ and routing/ import no other folder.',
    }),
    restrictImports(['apps/console/src/ui/**/*.{ts,tsx}'], {
      group: ['../*/**', '!../api/**'],
      message: 'ui/ imports api/.',
    }),
    folder('timing', [...frameworks, '../**'], 'timing/ imports node:* alone.'),
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
      [...frameworksAndNest, '**/keys/**', '**/client/**', '**/introspection-source.js'],
      'verifier/ declares KeySet and ReferenceTokenSource. Others implement them and import it.',
    ),
    ...['http', 'runtime', 'standalone'].map((name) =>
      folder(
        name,
        [...frameworks, '**/nest/**', '**/postgres/**', ...forTests, '**/index.js'],
        'What the entry ./verifier is made of never imports a framework.',
      ),
    ),
    folder(
      'postgres',
      ['**/verifier/**', '**/keys/**', '**/nest/**', ...forTests, '**/index.js'],
      'postgres/ imports only revocation/ and timing/.',
    ),
    folder(
      'nest',
      [
        'passport',
        '@nestjs/passport',
        '**/passport/**',
        '**/postgres/**',
        ...forTests,
        '**/index.js',
      ],
      'nest/ imports the framework-free folders.',
    ),
    folder(
      'passport',
      ['**/postgres/**', ...forTests, '**/index.js'],
      'passport/ imports nest/ and the framework-free folders.',
    ),
    folder(
      'test-issuer',
      [
        ...frameworks,
        '**/passport/**',
        '**/postgres/**',
        '**/attack/**',
        '**/testing/**',
        '**/index.js',
      ],
      'test-issuer/ imports the framework-free folders: testing/ and attack/ are made of it.',
    ),
    folder(
      'attack',
      [
        ...frameworks,
        '**/nest/**',
        '**/postgres/**',
        '**/verifier/**',
        '**/testing/**',
        '**/index.js',
      ],
      'attack/ imports test-issuer/ and node:*: it must run where no framework is installed.',
    ),
    folder('testing', ['**/index.js'], 'Nothing imports index.ts from inside.'),
  ],
});
