import { readdirSync } from 'node:fs';

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

/**
 * For folders, and files beside them, of which each may import only those before it. Each folder has its
 * place, but `testing` of an app, which only specs import.
 *
 * @param more for a folder, what else it may not import
 */
const layers = (root, names, more = () => []) => {
  const files = readdirSync(new URL(root, import.meta.url), { recursive: true });
  for (const [, folder] of files.join('\n').matchAll(/^([^/\n]+)\/.*\.ts$/gm)) {
    if (folder === 'testing' || names.includes(folder)) continue;
    throw new Error(`${root}/${folder} needs a place in oxlint.config.mjs`);
  }
  return names.map((name, place) =>
    restrictImports([`${root}/${name}/**/*.ts`], {
      group: [
        ...names.slice(place + 1).flatMap((later) => [`../**/${later}/**`, `../**/${later}.js`]),
        ...['**/index.js', '**/*.fixture.js', ...more(name)],
      ],
      message: `oxlint.config.mjs does not let ${name} import this.`,
    }),
  );
};

/** The folders of jwt-core. */
const JWT_CORE = [
  ...['timing', 'issuer', 'revocation', 'verifier', 'client', 'keys', 'http', 'runtime'],
  ...['standalone', 'postgres', 'nest', 'passport', 'test-issuer', 'attack', 'testing'],
];
const frameworks = ['@nestjs/*', 'typeorm', 'pg', 'express', 'fastify', 'passport'];
/** Only these are loaded with a framework: a program without one can install the library, too. */
const WITH_FRAMEWORK = ['postgres', 'nest', 'passport', 'testing'];
const alsoForbidden = {
  // It declares KeySet and ReferenceTokenSource. Others implement them and import it.
  verifier: ['**/introspection-source.js'],
  // It imports only revocation/ and timing/.
  postgres: ['issuer', 'verifier', 'client', 'keys', 'http', 'runtime', 'standalone'],
  nest: ['@nestjs/passport', 'postgres', 'client', 'standalone'],
  passport: ['postgres', 'client', 'standalone'],
  'test-issuer': ['postgres', 'nest', '!**/nest/jwt-core.runtime.js', 'passport'],
  // It attacks from outside, and imports only test-issuer/ and revocation/.
  attack: JWT_CORE.filter((name) => !['revocation', 'test-issuer', 'attack'].includes(name)),
};
const jwtCoreLayers = layers('libs/jwt-core/src', JWT_CORE, (name) => [
  ...(WITH_FRAMEWORK.includes(name) ? [] : frameworks),
  ...(alsoForbidden[name] ?? []).map((other) =>
    JWT_CORE.includes(other) ? `../**/${other}/**` : other,
  ),
  ...(name === 'nest' ? ['passport'] : []),
]);

/** The folders of chassis. */
const CHASSIS = [
  ...['settings', 'errors', 'context', 'logging', 'tracing', 'readiness', 'database', 'pages'],
  ...['http', 'health', 'metrics', 'retention', 'process'],
];

/** The domains of auth, after three folders that import no domain, and files that compose the app. */
const AUTH_DOMAINS = [
  ...['crypto', 'credentials', 'events', 'audit', 'receipts', 'revocations', 'access', 'keys'],
  ...['mail', 'users', 'tokens', 'factors', 'sessions', 'accounts', 'clients', 'oauth', 'health'],
  ...['retention', 'database', 'settings', 'core.module', 'cli', 'console', 'error.filter'],
  ...['app.module', 'app.setup'],
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
    restrictImports(['apps/auth/src/settings.ts'], {
      group: ['./cli/**', './console/**', './*.module.js', './app.setup.js', './error.filter.js'],
      message: 'settings.ts imports only what parses settings.',
    }),
    restrictImports(['apps/console/src/{api,routing}/**/*.{ts,tsx}'], {
      group: ['../*/**'],
      message: 'api/ and routing/ import no other folder.',
    }),
    restrictImports(['apps/console/src/ui/**/*.{ts,tsx}'], {
      group: ['../*/**', '!../api/**'],
      message: 'ui/ imports api/.',
    }),
    ...jwtCoreLayers,
  ],
});
