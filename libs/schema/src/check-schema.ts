import { checkLearning } from './check-learning';
import type { FeatureInput, SchemaInput } from './schema-input';

type Path = (string | number)[];
/** Takes a problem: the key, what is allowed there, and what was found when the value itself does not say it. */
export type Report = (path: Path, expected: string, found?: string) => void;
type TowerName = 'query' | 'candidate';

/** How the rows of a table are found: all features of one table must agree. */
export const addressing = {
  id: 'key',
  category: 'key',
  categories: 'key',
  history: 'key',
  number: 'bucket',
  text: 'hash',
} as const satisfies Record<FeatureInput['kind'], string>;

interface Reader {
  readonly tower: TowerName;
  readonly path: Path;
  readonly feature: FeatureInput;
}

/** Reports where keys of a schema contradict each other. */
export function checkSchema(input: SchemaInput, report: Report): void {
  const readers = (['query', 'candidate'] as const).flatMap((tower) =>
    input[tower].features.map((feature, i): Reader => ({ tower, path: [tower, 'features', i], feature })),
  );
  checkActions(input, report);
  for (const reader of readers) checkFeature(reader, readers, input, report);
  for (const name of Object.keys(input.tables)) checkTable(name, readers, input, report);
  checkTower('query', input, report);
  checkTower('candidate', input, report);
  checkHistoryLimit(input, report);
  checkLearning(input, report);
}

function checkActions({ actions }: SchemaInput, report: Report): void {
  if (Object.values(actions).some(({ weight }) => weight > 0)) return;
  const found = Object.keys(actions).map((name) => `${name} of weight 0`);
  report(['actions'], 'expected at least one action of a weight above 0', found.join(', ') || 'no actions');
}

function checkFeature(reader: Reader, readers: readonly Reader[], { tables }: SchemaInput, report: Report): void {
  const { tower, path, feature } = reader;
  const first = readers.find((other) => other.tower === tower && other.feature.name === feature.name);
  if (first !== reader) report([...path, 'name'], `expected a name that is unique in ${tower}`);
  if (!Object.hasOwn(tables, feature.table)) {
    const allowed = Object.keys(tables).join(', ') || 'the tables (there are none)';
    report([...path, 'table'], `expected one of ${allowed}`);
  } else if (feature.kind === 'history') {
    checkHistory(reader, readers, report);
  }
  if (feature.kind === 'number' && feature.boundaries.some((value, i, all) => i > 0 && value <= all[i - 1])) {
    report([...path, 'boundaries'], 'expected ascending numbers', feature.boundaries.join(', '));
  }
  // Context holds scalars and exists for queries alone; rows of texts are remembered per record of features.
  const mayUseContext = tower === 'query' && (feature.kind === 'category' || feature.kind === 'number');
  if ('source' in feature && feature.source?.startsWith('context.') && !mayUseContext) {
    report([...path, 'source'], 'expected features.<name> (context: category and number of query alone)');
  }
}

function checkHistory({ tower, path, feature }: Reader, readers: readonly Reader[], report: Report): void {
  if (tower === 'candidate') {
    report([...path, 'kind'], 'expected another kind (history is for query alone)');
    return;
  }
  const ids = readers.filter((reader) => reader.tower === 'candidate' && reader.feature.kind === 'id');
  const tables = [...new Set(ids.map((id) => id.feature.table))];
  if (tables.includes(feature.table)) return;
  // A history only reads rows: the id of the candidates is what makes them.
  report(
    [...path, 'table'],
    `expected the table of an id feature of candidate (${tables.join(', ') || 'there is none'})`,
  );
}

function checkTable(name: string, all: readonly Reader[], { tables }: SchemaInput, report: Report): void {
  const readers = all.filter(({ feature }) => feature.table === name);
  if (readers.length === 0) {
    report(['tables', name], 'expected a feature that reads this table', 'none');
    return;
  }
  const [{ feature: first }] = readers;
  for (const { feature, path } of readers) {
    if (addressing[feature.kind] !== addressing[first.kind]) {
      const rows = `rows by ${addressing[first.kind]}, as ${first.name} (${first.kind}) has`;
      report(
        [...path, 'table'],
        `expected a table of its own, or ${rows}`,
        `${name} read by ${addressing[feature.kind]}`,
      );
    } else if (
      feature.kind === 'number' &&
      first.kind === 'number' &&
      feature.boundaries.join() !== first.boundaries.join()
    ) {
      report(
        [...path, 'boundaries'],
        `expected ${first.boundaries.join(', ')}, as ${first.name} of the same table has`,
      );
    }
  }
  if (tables[name].rows !== undefined && addressing[first.kind] !== 'hash') {
    report(['tables', name, 'rows'], 'expected no such key: only the table of a text feature has a number of rows');
  }
  checkRowKeys(name, addressing[first.kind], tables[name], report);
}

/** Rows of a fixed table are all there from the start, and none is ever given up. */
function checkRowKeys(name: string, rowsBy: string, table: SchemaInput['tables'][string], report: Report): void {
  if (rowsBy === 'key') return;
  for (const key of ['admitAfter', 'expireAfterMs', 'capacity'] as const) {
    if (table[key] !== undefined) {
      report(['tables', name, key], 'expected no such key: only tables of ids and categories gain and lose rows');
    }
  }
}

function checkTower(tower: TowerName, input: SchemaInput, report: Report): void {
  const { features, combine, layers } = input[tower];
  if (combine === 'concat' || features.some(({ table }) => !Object.hasOwn(input.tables, table))) return;
  const { outputDimension } = input;
  const dimensions = features.map(({ table }) => input.tables[table].dimension);
  const expected = layers.length === 0 ? outputDimension : dimensions[0];
  const why = layers.length === 0 ? 'outputDimension: sum without layers' : 'the dimension of the first feature: sum';
  features.forEach(({ table }, i) => {
    if (dimensions[i] === expected) return;
    const path = [tower, 'features', i, 'table'];
    report(path, `expected a table of dimension ${expected} (${why})`, `${table} of dimension ${dimensions[i]}`);
  });
}

function checkHistoryLimit(input: SchemaInput, report: Report): void {
  const longest = longestHistory(input);
  const { historyLimit } = input.userState;
  if (historyLimit === undefined || historyLimit >= longest) return;
  report(['userState', 'historyLimit'], `expected at least ${longest}, the longest history`);
}

/** Length of the longest history feature; 0 without one. */
export function longestHistory({ query }: SchemaInput): number {
  return Math.max(0, ...query.features.map((feature) => (feature.kind === 'history' ? feature.length : 0)));
}
