// One configuration for every project: the target names the folder (--rootDir) and the kind of test (--testRegex).
// Before any worker starts: what a test sets in its own copy of the environment does not reach the native library.
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';

module.exports = {
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  moduleFileExtensions: ['ts', 'js', 'cjs', 'json', 'node'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['/dist/'],
  errorOnDeprecated: true,
  randomize: true,
};
