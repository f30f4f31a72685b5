import { createRandom } from '@gatehouse/domain';

import { type Line, readLines } from './read-lines';

async function* inChunks(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function linesOf(text: string, { chunkBytes = 64, maxBytes = 1000 } = {}) {
  const lines: Line[] = [];
  for await (const line of readLines(inChunks(Buffer.from(text), chunkBytes), maxBytes)) lines.push(line);
  return lines;
}

describe('readLines', () => {
  it.each([
    ['', []],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\n\nb', ['a', '', 'b']],
    ['a\r\nb\r\n', ['a', 'b']],
    ['a\r\nb\nc', ['a', 'b', 'c']], // line ends may differ within a file
    ['a\rb', ['a\rb']],
    ['\uFEFFa\n\uFEFFb', ['a', '\uFEFFb']], // only the first is a byte order mark
  ])('splits %j', async (text, texts) => {
    expect(await linesOf(text)).toEqual(texts.map((line, i) => ({ line: i + 1, text: line })));
  });

  it.each([1, 2, 3])('does not depend on where chunks end (seed %d)', async (seed) => {
    const random = createRandom('text', seed);
    const characters = ['a', 'é', '🎬', '\r', '\n', '\uFEFF'];
    for (let i = 0; i < 50; i++) {
      const text = Array.from({ length: random.below(12) }, () => characters[random.below(characters.length)]).join('');
      expect(await linesOf(text, { chunkBytes: 1 + random.below(9) })).toEqual(await linesOf(text));
    }
  });

  it.each([1, 2, 100])('tells the size of a line that is too long, in chunks of %d bytes', async (chunkBytes) => {
    // 3 bytes are allowed: 'abc' fits, 'éé' has 4.
    expect(await linesOf('abc\néé\nabcdefghij\nd', { chunkBytes, maxBytes: 3 })).toEqual([
      { line: 1, text: 'abc' },
      { line: 2, tooManyBytes: 4 },
      { line: 3, tooManyBytes: 10 },
      { line: 4, text: 'd' },
    ]);
  });
});
