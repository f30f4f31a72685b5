import { createHash } from 'node:crypto';

import { parseTokens, TokenFileError } from './parse-tokens';

const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex');
const hash = sha256('t1');

test('a token is looked up by its hash, and brings name and roles', () => {
  const whose = parseTokens(
    `# of the rankers\r\nranker sha256:${sha256('t1')} serving  batch\n\nranker sha256:${sha256('t2').toUpperCase()}\n`,
  );
  expect(whose('t1')).toEqual({ id: 'token:ranker', roles: ['serving', 'batch'] });
  expect(whose('t2')).toEqual({ id: 'token:ranker', roles: [] });
  for (const other of ['', 't', 't11', hash, `sha256:${hash}`]) expect(whose(other)).toBeUndefined();
});

test.each([
  ['no hash', 'a hunter2', 'line 1: expected <name> sha256:<64 hex digits> [role ...], found something else'],
  ['a short hash', `a sha256:${hash.slice(1)}`, 'line 1: expected'],
  ['another hash', `a md5:${hash}`, 'line 1: expected'],
  ['a name of two parts', `\na:b sha256:${hash}`, 'line 2: expected'],
  ['a strange role', `a sha256:${hash} r/w`, 'line 1: expected'],
  ['one token twice', `a sha256:${hash}\nb sha256:${hash}`, 'line 2: expected a token of its own'],
  ['nothing', '# none\n', 'expected 1 to 1000 tokens, found 0'],
  ['too many', manyTokens(1001), 'expected 1 to 1000 tokens, found 1001'],
])('%s is refused, and not quoted', (_, text, message) => {
  expect.assertions(3);
  try {
    parseTokens(text);
  } catch (error) {
    expect(error).toBeInstanceOf(TokenFileError);
    expect((error as Error).message).toContain(message);
    expect((error as Error).message).not.toMatch(/hunter2|[0-9a-f]{16}/);
  }
});

function manyTokens(count: number): string {
  return Array.from({ length: count }, (_, i) => `n${i} sha256:${sha256(String(i))}`).join('\n');
}
