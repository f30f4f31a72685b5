import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { readYaml } from '@gatehouse/schema';
import { z } from 'zod';

import { trainerConfig } from './config';

const file = join(__dirname, '../../../config/trainer.yaml');
const text = readFileSync(file, 'utf8');

test('the file shows every key with its default', () => {
  expect(readYaml(text, file, z.unknown())).toEqual(trainerConfig.parse({}));
});

test('an unknown key is refused by name', () => {
  expect(() => readYaml(`${text}\nextra: 1\n`, file, trainerConfig)).toThrow('extra');
});
