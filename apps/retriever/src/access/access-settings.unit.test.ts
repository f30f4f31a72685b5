import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { readYaml } from '@gatehouse/schema';

import { retrieverConfig } from '../config';
import { accessSettings } from './access-settings';

const file = join(__dirname, '../../../../config/retriever.yaml');

test('the example in the file of settings shows every key, and the defaults that it says', () => {
  const [, commented] = /\n((?:# ?.*\n)+)access: null\n/.exec(readFileSync(file, 'utf8')) ?? [];
  const example = commented.slice(commented.indexOf('# access:')).replace(/^# ?/gm, '');
  const { access } = readYaml(example, file, retrieverConfig);
  const defaults = accessSettings.parse({ jwt: { jwksFile: 'x', issuer: 'x', audience: 'x' } });
  const named = { jwksFile: access?.jwt?.jwksFile, issuer: access?.jwt?.issuer, audience: access?.jwt?.audience };
  expect(access).toMatchObject({ public: defaults.public, limits: defaults.limits });
  expect(access?.jwt).toEqual({ ...defaults.jwt, ...named });
  expect(Object.keys(access!).sort()).toEqual(Object.keys(defaults).sort());
  expect(access?.policy).toHaveLength(1);
});
