import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

const tensorflow = '@tensorflow/*';
const everywhere = ['type:testing'];

/** The tag table: who may import whom, and which npm packages. */
export const depConstraints = [
  { sourceTag: 'type:domain', onlyDependOnLibsWithTags: [], bannedExternalImports: ['*'] },
  { sourceTag: 'type:wire', onlyDependOnLibsWithTags: [], allowedExternalImports: ['@bufbuild/*', '@grpc/grpc-js'] },
  {
    sourceTag: 'type:schema',
    onlyDependOnLibsWithTags: ['type:domain', ...everywhere],
    allowedExternalImports: ['zod', 'yaml'],
  },
  { sourceTag: 'type:core', onlyDependOnLibsWithTags: ['type:domain', ...everywhere], bannedExternalImports: ['*'] },
  {
    sourceTag: 'type:model',
    onlyDependOnLibsWithTags: ['type:domain', 'type:schema', ...everywhere],
    allowedExternalImports: [tensorflow, 'esbuild'], // esbuild: a test bundles an oracle
  },
  {
    sourceTag: 'type:runtime',
    onlyDependOnLibsWithTags: [...everywhere],
    allowedExternalImports: ['pino', 'prom-client'],
  },
  {
    sourceTag: 'type:testing',
    onlyDependOnLibsWithTags: ['type:domain'],
    allowedExternalImports: ['fast-check', '@grpc/*', '@peculiar/x509', 'reflect-metadata'],
  },
  {
    sourceTag: 'type:adapter',
    onlyDependOnLibsWithTags: ['type:domain', 'type:schema', 'type:wire', 'type:runtime', ...everywhere],
    bannedExternalImports: [tensorflow],
  },
  {
    sourceTag: 'type:client',
    onlyDependOnLibsWithTags: ['type:wire', ...everywhere],
    allowedExternalImports: ['@grpc/*'],
  },
  {
    sourceTag: 'type:app',
    onlyDependOnLibsWithTags: [
      'type:domain',
      'type:schema',
      'type:wire',
      'type:core',
      'type:model',
      'type:adapter',
      'type:client',
      'type:runtime',
      ...everywhere,
    ],
    // esbuild: a test bundles a process; sdk-trace-node: a test records spans
    allowedExternalImports: [
      'zod',
      '@grpc/*',
      'grpc-health-check',
      'jose',
      'cockatiel',
      '@opentelemetry/api',
      '@opentelemetry/sdk-trace-node',
      'esbuild',
    ],
  },
  {
    sourceTag: 'type:cli',
    onlyDependOnLibsWithTags: [
      'type:domain',
      'type:schema',
      'type:wire',
      'type:adapter',
      'type:client',
      'type:runtime',
      'type:core',
      ...everywhere,
    ],
    allowedExternalImports: ['csv-parse/*', 'zod', 'commander', 'cli-progress', '@grpc/grpc-js'],
  },
  {
    sourceTag: 'type:e2e',
    // Adapters: a benchmark writes events itself. Never an app, which is started as a process.
    onlyDependOnLibsWithTags: [
      'type:domain',
      'type:wire',
      'type:adapter',
      'type:client',
      'type:runtime',
      ...everywhere,
    ],
    bannedExternalImports: [tensorflow],
  },
  { sourceTag: 'type:tools', onlyDependOnLibsWithTags: [], allowedExternalImports: ['esbuild', 'eslint'] },
];

const adapterEntryPoints = {
  group: ['embedded', 'memory', 'exact', 'filesystem', 'kafka', 'qdrant', 'open'].map(
    (adapter) => `@gatehouse/*/${adapter}`,
  ),
  message: 'Adapters are wired in main.ts; everything else takes the port as a parameter.',
};
const testOnly = { group: ['@gatehouse/testing', 'fast-check'], message: 'Only tests use the testing library.' };

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', 'libs/proto/src/gen/**', 'reports/**', '.nx/**', 'var/**'] },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { '@nx': nx },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@nx/enforce-module-boundaries': ['error', { enforceBuildableLibDependency: false, allow: [], depConstraints }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Array and record reads may miss, which the types do not say (typed arrays rule out noUncheckedIndexedAccess).
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // Index signatures are read with brackets, as the compiler asks (noPropertyAccessFromIndexSignature).
      '@typescript-eslint/dot-notation': 'off',
      '@typescript-eslint/require-await': 'off',
      'no-restricted-imports': ['error', { patterns: [adapterEntryPoints, testOnly] }],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      eqeqeq: 'error',
    },
  },
  {
    files: [
      '**/*.test.ts',
      '**/*.contract.ts',
      '**/*.fixture.ts',
      '**/bench/**/*.ts',
      'apps/e2e/**/*.ts',
      'libs/testing/**/*.ts',
    ],
    rules: {
      'no-restricted-imports': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['**/main.ts', '**/*.worker.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [testOnly] }] },
  },
);
