import { anchorsOf, linksOf, tableRowsOf } from './markdown';

describe('linksOf', () => {
  it('finds links and images, inline and defined, but none in code', () => {
    const page = [
      'A [link](a.md) and ![image](b.png "Title"), [two](c.md#x) [links](<d.md>), [defined][e].',
      'No `[link](no.md)`.',
      '```',
      '[no](no.md)',
      '```',
      '[e]: https://example.com/e "Title"',
      '| [cell](../f.ts#L3) |',
    ].join('\n');
    expect(linksOf(page)).toEqual(['a.md', 'b.png', 'c.md#x', 'd.md', '../f.ts#L3', 'https://example.com/e']);
  });
});

describe('anchorsOf', () => {
  it('makes them as GitHub does', () => {
    const page = [
      '# 3. What, then?',
      '```sh',
      '# no heading',
      '```',
      '## `npm test` & more',
      '## A [link](x.md) – ü_x',
      '## Twice',
      '## Twice ##',
    ].join('\n');
    expect(anchorsOf(page)).toEqual(['3-what-then', 'npm-test--more', 'a-link--ü_x', 'twice', 'twice-1']);
  });
});

test('tableRowsOf reads cells without lines of dashes', () => {
  expect(tableRowsOf('text\n\n| a | b |\n|---|:-:|\n| 1 | `x` y |\n\ntext | more\n')).toEqual([
    ['a', 'b'],
    ['1', '`x` y'],
  ]);
});
