import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { root } from './workspace';

const against = '@nx/enforce-module-boundaries';
const restricted = 'no-restricted-imports';

/** A file of the repository, what it imports, and the rules that object. */
const imports: readonly (readonly [file: string, module: string, objections: readonly string[]])[] = [
  // domain, proto and runtime import nothing
  ['libs/domain/src/item.ts', '@gatehouse/events', [against]],
  ['libs/domain/src/item.ts', '@gatehouse/schema', [against]],
  ['libs/domain/src/item.ts', 'zod', [against]],
  ['libs/proto/src/index.ts', '@gatehouse/domain', [against]],
  ['libs/runtime/src/clock.ts', '@gatehouse/domain', [against]],
  // core and model meet in the trainer alone
  ['libs/sampling/src/index.ts', '@gatehouse/towers', [against]],
  ['libs/sampling/src/index.ts', '@gatehouse/schema', [against]],
  ['libs/evaluation/src/index.ts', '@gatehouse/sampling', [against]],
  ['libs/towers/src/tower.ts', '@gatehouse/sampling', [against]],
  ['libs/towers/src/tower.ts', '@gatehouse/events', [against]],
  ['libs/schema/src/read-text.ts', '@gatehouse/towers', [against]],
  // adapters and the client
  ['libs/events/src/ports.ts', '@gatehouse/item-index', [against]],
  ['libs/artifacts/src/model-store.ts', '@gatehouse/towers', [against]],
  ['libs/client/src/index.ts', '@gatehouse/runtime', [against]],
  ['libs/client/src/index.ts', '@gatehouse/events', [against]],
  // libraries never import apps, nor apps each other
  ['libs/events/src/ports.ts', '../../../apps/trainer/src/learner', [against]],
  ['apps/retriever/src/retrieve.ts', '../../trainer/src/learner', [against]],
  ['apps/embedder/src/refresh.ts', '../../retriever/src/serving', [against]],
  ['apps/cli/src/query.ts', '../../retriever/src/serving', [against]],
  ['apps/e2e/src/journey.e2e.test.ts', '../../trainer/src/train', [against]],
  // the command line and the end-to-end tests stay outside of the model
  ['apps/cli/src/query.ts', '@gatehouse/towers', [against]],
  ['apps/e2e/src/journey.e2e.test.ts', '@gatehouse/towers', [against]],
  ['apps/e2e/src/journey.e2e.test.ts', '@gatehouse/sampling', [against]],
  // one library imports TensorFlow.js
  ...[
    'apps/trainer/src/learner.ts',
    'apps/embedder/src/refresh.ts',
    'apps/retriever/src/retrieve.ts',
    'apps/cli/src/query.ts',
    'apps/e2e/src/journey.e2e.test.ts',
    'libs/artifacts/src/model-store.ts',
    'libs/evaluation/src/index.ts',
    'libs/events/src/ports.ts',
    'libs/item-index/src/item-index.ts',
    'libs/sampling/src/index.ts',
  ].map((file) => [file, '@tensorflow/tfjs-core', [against]] as const),
  // only what is its own comes in by a path
  ['apps/trainer/src/train.ts', '../../../libs/events/src/ports', [against]],
  // adapters are wired in main.ts
  ['apps/trainer/src/train.ts', '@gatehouse/events/embedded', [restricted]],
  ['apps/trainer/src/learner.ts', '@gatehouse/events/memory', [restricted]],
  ['apps/embedder/src/refresh.ts', '@gatehouse/item-index/embedded', [restricted]],
  ['apps/retriever/src/retrieve.ts', '@gatehouse/item-index/exact', [restricted]],
  ['apps/cli/src/query.ts', '@gatehouse/artifacts/filesystem', [restricted]],
  // testing is for tests
  ['apps/trainer/src/train.ts', '@gatehouse/testing', [restricted]],
  ['apps/trainer/src/main.ts', '@gatehouse/testing', [restricted]],
  ['libs/events/src/ports.ts', '@gatehouse/testing', [restricted]],
  ['libs/events/src/ports.ts', 'fast-check', [restricted]],

  // what the design asks for
  ['apps/trainer/src/main.ts', '@gatehouse/events/embedded', []],
  ['apps/trainer/src/learner.ts', '@gatehouse/sampling', []],
  ['apps/trainer/src/learner.ts', '@gatehouse/towers', []],
  ['apps/embedder/src/main.ts', '@gatehouse/item-index/embedded', []],
  ['apps/retriever/src/load-version.worker.ts', '@gatehouse/artifacts/filesystem', []],
  ['apps/retriever/src/retrieve.ts', '@gatehouse/item-index', []],
  ['apps/cli/src/main.ts', '@gatehouse/events/embedded', []],
  ['apps/cli/src/query.ts', '@gatehouse/client', []],
  ['apps/cli/src/query.unit.test.ts', '@gatehouse/events/memory', []],
  ['apps/e2e/src/journey.e2e.test.ts', '@gatehouse/testing', []],
  ['libs/towers/src/tf.ts', '@tensorflow/tfjs-core', []],
  ['libs/towers/src/tower.ts', '@gatehouse/schema', []],
  ['libs/events/src/ports.ts', '@gatehouse/domain', []],
];

/** Lints all in one process: to start ESLint takes longer than to use it. */
function objectionsTo(cases: typeof imports): readonly (readonly string[])[] {
  const input = cases.map(([file, module]) => ({ file, text: `export * from '${module}';\n` }));
  const output = execFileSync(process.execPath, [join(__dirname, 'lint-texts.mjs')], {
    cwd: root,
    input: JSON.stringify(input),
    encoding: 'utf8',
  });
  return JSON.parse(output) as string[][];
}

test('imports against the direction are reported, and no others', () => {
  const found = objectionsTo(imports);
  expect(imports.map(([file, module], i) => [file, module, found[i]])).toEqual(imports);
}, 120_000);
