import { readSecret } from './read-secret';

const sources = {
  environment: { KEY: 'of the environment', EMPTY: '' },
  readText: (file: string): string => {
    if (file !== 'secret') throw new Error('ENOENT');
    return 'of a file\n';
  },
};
const read = (place: object) => readSecret('qdrant.apiKey', place, sources);

test('a secret stands in a file or in a variable', () => {
  expect(read({ file: 'secret' })).toBe('of a file');
  expect(read({ variable: 'KEY' })).toBe('of the environment');
});

test.each([
  [{}, 'qdrant.apiKey: expected either apiKeyFile or apiKeyVariable'],
  [{ file: 'secret', variable: 'KEY' }, 'qdrant.apiKey: expected either'],
  [{ file: 'none' }, 'qdrant.apiKeyFile: expected a file that can be read, found none'],
  [{ variable: 'EMPTY' }, 'qdrant.apiKeyVariable: expected a secret, found nothing'],
  [{ variable: 'UNSET' }, 'qdrant.apiKeyVariable: expected a secret, found nothing'],
])('%j is refused', (place, message) => {
  expect(() => read(place)).toThrow(message);
});
