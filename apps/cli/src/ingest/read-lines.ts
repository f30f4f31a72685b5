/** One line of a text, or its size when it is too long to keep. Lines count from 1. */
export type Line =
  { readonly line: number; readonly text: string } | { readonly line: number; readonly tooManyBytes: number };

const newline = 0x0a;

/**
 * Splits UTF-8 bytes into lines that end in `\n` or `\r\n`; the last one needs no end. A byte order mark is dropped. What is held
 * of a line is bounded, whatever its length.
 *
 * @param maxBytes longest line that is kept, without its end.
 */
export async function* readLines(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let bytes = 0;
  let line = 0;
  const add = (part: Buffer): void => {
    bytes += part.length;
    if (bytes <= maxBytes) parts.push(part);
    else parts = [];
  };
  const take = (): Line => {
    line++;
    const result = bytes > maxBytes ? { line, tooManyBytes: bytes } : { line, text: textOf(parts, line) };
    parts = [];
    bytes = 0;
    return result;
  };

  for await (const chunk of chunks) {
    let from = 0;
    for (let to = chunk.indexOf(newline); to >= 0; to = chunk.indexOf(newline, from)) {
      add(chunk.subarray(from, to));
      yield take();
      from = to + 1;
    }
    add(chunk.subarray(from));
  }
  if (bytes > 0) yield take();
}

function textOf(parts: readonly Buffer[], line: number): string {
  const text = Buffer.concat(parts).toString('utf8');
  const from = line === 1 && text.startsWith('\uFEFF') ? 1 : 0;
  return text.slice(from, text.endsWith('\r') ? -1 : undefined);
}
