// One configuration for every project: the target names the folder (--rootDir) and the kind of test (--testRegex).
// Before any worker starts: what a test sets in its own copy of the environment does not reach the native library.
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';

const compile = (syntax) => [
  '@swc/jest',
  { jsc: { parser: { syntax }, target: 'es2022' }, module: { type: 'commonjs' }, sourceMaps: 'inline' },
];

module.exports = {
  testEnvironment: 'node',
  // jose comes as ES modules alone, which Node can require and jest cannot.
  transform: { '^.+\\.ts$': compile('typescript'), '/node_modules/jose/.+\\.js$': compile('ecmascript') },
  transformIgnorePatterns: ['/node_modules/(?!jose/)'],
  moduleFileExtensions: ['ts', 'js', 'cjs', 'json', 'node'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['/dist/'],
  errorOnDeprecated: true,
  randomize: true,
};
