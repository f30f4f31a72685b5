import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { readYaml } from '@gatehouse/schema';

import { retrieverConfig } from './config';

const file = join(__dirname, '../../../config/retriever.yaml');
const text = readFileSync(file, 'utf8');

test('the file shows every key with its default', () => {
  const defaults = retrieverConfig.parse({});
  expect(readYaml(text, file, retrieverConfig)).toEqual(defaults);
  const keysOf = (value: unknown): string[] =>
    typeof value !== 'object' || value === null || Array.isArray(value)
      ? []
      : Object.entries(value).flatMap(([key, inner]) => [key, ...keysOf(inner)]);
  for (const key of keysOf(defaults)) expect(text).toMatch(new RegExp(`^ *${key}:`, 'm'));
});

test('the environment overrides a key, and an unknown one is refused', () => {
  const read = (values: Record<string, string>) =>
    readYaml(text, file, retrieverConfig, { prefix: 'GATEHOUSE_RETRIEVER_', values });
  expect(read({ GATEHOUSE_RETRIEVER_USER_STATE_FOLDER: 'x', GATEHOUSE_RETRIEVER_PORT: '0' })).toMatchObject({
    userState: { folder: 'x' },
    port: 0,
  });
  expect(() => read({ GATEHOUSE_RETRIEVER_PROT: '1' })).toThrow('GATEHOUSE_RETRIEVER_PROT');
  expect(() => read({ GATEHOUSE_RETRIEVER_PORT: '70000' })).toThrow('port: expected a number of at most 65535');
});

test('a default source that is turned off stops the start', () => {
  const text = 'sources: { defaults: [two-tower, item-to-item], itemToItem: { newest: 0 } }';
  expect(() => readYaml(text, file, retrieverConfig)).toThrow(
    'sources.defaults[1]: expected one of two-tower, popular, found item-to-item, which is turned off',
  );
});

test('fusion takes weights and quotas by the names of sources', () => {
  const read = (text: string) => readYaml(text, file, retrieverConfig).fusion;
  expect(read('fusion: { weights: { popular: 0.5 }, quotas: { item-to-item: { min: 2 } } }')).toEqual({
    kind: 'rrf',
    weights: { popular: 0.5 },
    quotas: { 'item-to-item': { min: 2, max: 1000 } },
  });
  expect(() => read('fusion: { weights: { magic: 1 } }')).toThrow('fusion.weights.magic');
  expect(() => read('fusion: { quotas: { popular: { min: 3, max: 2 } } }')).toThrow(
    'fusion.quotas.popular.min: expected at most max (2), found 3',
  );
});

test('defaults need a source that works without text', () => {
  const text = 'sources: { strangers: [lexical], lexical: { fields: [title] } }';
  expect(() => readYaml(text, file, retrieverConfig)).toThrow('sources.strangers: expected a source beside lexical');
});
