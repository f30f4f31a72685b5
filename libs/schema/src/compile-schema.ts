import { compileNegatives } from './check-learning';
import { addressing, checkSchema, longestHistory } from './check-schema';
import { readYaml } from './read-yaml';
import type { FeatureSpec, ScheduleSpec, Schema, TableSpec, TowerSpec } from './schema';
import { schemaHash } from './schema-hash';
import { type FeatureInput, schemaInput, type SchemaInput } from './schema-input';

/** Rows of a text table: about as many letter trigrams as English has (30,621 in DSSM, Huang et al. 2013, section 3.2). */
const defaultTextRows = 32_768;

const checkedInput = schemaInput.superRefine((input, context) => {
  checkSchema(input, (path, message, found) => context.addIssue({ code: 'custom', path, message, params: { found } }));
});

/**
 * Compiles a schema from YAML: every default filled in, every key checked against the others.
 *
 * Equal meaning gives an equal hash: comments, the order of keys and defaults spelled out make no difference. The order of
 * features does, because their rows and columns stand in that order.
 *
 * @param file name of the text's file, for messages.
 * @throws ConfigError naming file, line, key, what is allowed and what was found, for every problem.
 * @example const schema = compileSchema(await readFile('config/movielens.yaml', 'utf8'), 'config/movielens.yaml');
 */
export function compileSchema(text: string, file: string): Schema {
  const input = readYaml(text, file, checkedInput);
  const { actions, attributes, outputDimension, score, loss, estimator, training } = input;
  const schema = {
    actions,
    attributes,
    userState: { ...input.userState, historyLimit: input.userState.historyLimit ?? longestHistory(input) },
    outcomes: input.outcomes ?? null,
    tables: compileTables(input),
    query: compileTower(input.query),
    candidate: compileTower(input.candidate),
    outputDimension,
    score,
    loss: { ...loss, matryoshka: loss.matryoshka ?? [outputDimension] },
    negatives: compileNegatives(input),
    estimator,
    training: { ...training, schedule: compileSchedule(training.schedule) },
  };
  return { hash: schemaHash(schema), ...schema };
}

/** In order of first use, not of the keys: initial rows are drawn table by table, and equal hashes have to mean equal models. */
function compileTables({ tables, query, candidate }: SchemaInput): Record<string, TableSpec> {
  const compiled: Record<string, TableSpec> = {};
  for (const { table: name, ...feature } of [...query.features, ...candidate.features]) {
    const { rows = defaultTextRows, admitAfter = 1, expireAfterMs = null, capacity = null, ...table } = tables[name];
    const rowKeys = { admitAfter, expireAfterMs, capacity };
    if (addressing[feature.kind] === 'key') {
      compiled[name] = { ...table, ...rowKeys, kind: 'keyed', rows: 0 };
    } else {
      const fixedRows = feature.kind === 'number' ? feature.boundaries.length + 1 : rows;
      compiled[name] = { ...table, ...rowKeys, kind: 'fixed', rows: fixedRows };
    }
  }
  return compiled;
}

function compileSchedule({ stages, repeatFrom }: SchemaInput['training']['schedule']): ScheduleSpec {
  return {
    stages: stages.map(({ steps = null, hardShare = { from: 1, to: 1 }, ...stage }) => ({
      ...stage,
      steps,
      hardShare,
    })),
    repeatFrom: repeatFrom === undefined ? null : stages.findIndex(({ name }) => name === repeatFrom),
  };
}

function compileTower({ features, ...tower }: SchemaInput['query']): TowerSpec {
  return { ...tower, features: features.map(compileFeature) };
}

function compileFeature(feature: FeatureInput): FeatureSpec {
  if (feature.kind === 'id' || feature.kind === 'history') return feature;
  return { ...feature, source: feature.source ?? `features.${feature.name}` };
}
