/** Text without code: what stands in it is no link and no heading. */
function withoutCode(markdown: string): string {
  return markdown.replace(/^(```|~~~)[^]*?^\1/gm, '').replace(/`[^`\n]*`/g, '``');
}

/** Targets of the links and images of a page, as written. */
export function linksOf(markdown: string): string[] {
  const text = withoutCode(markdown);
  const inline = text.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g);
  const definitions = text.matchAll(/^ {0,3}\[[^\]]+\]:\s+<?(\S+?)>?(?:\s+"[^"]*")?\s*$/gm);
  return [...inline, ...definitions].map(([, target]) => target);
}

/** Anchors of a page's headings, as GitHub makes them; a repeated one is numbered. */
export function anchorsOf(markdown: string): string[] {
  const seen = new Map<string, number>();
  const headings = markdown.replace(/^(```|~~~)[^]*?^\1/gm, '').matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm);
  return Array.from(headings, ([, heading]) => {
    const anchor = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{Letter}\p{Number}\p{Mark} _-]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
}

/** Rows of the tables of a page, cell by cell; headers are rows, lines of dashes are not. */
export function tableRowsOf(markdown: string): string[][] {
  return Array.from(markdown.matchAll(/^\|(.+)\|\s*$/gm), ([, row]) =>
    row.split('|').map((cell) => cell.trim()),
  ).filter((cells) => !cells.every((cell) => /^:?-+:?$/.test(cell)));
}
