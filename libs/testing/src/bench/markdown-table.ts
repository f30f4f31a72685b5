/**
 * A Markdown table with aligned columns, numbers to the right.
 *
 * @example markdownTable(['estimator', 'error'], [['gap', '.07']]);
 */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const isNumber = head.map((_, c) => rows.length > 0 && rows.every((row) => /^[-+]?[\d.,]+( .*)?$|^$/.test(row[c])));
  const widths = head.map((title, c) => Math.max(3, title.length, ...rows.map((row) => row[c].length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, c) => (isNumber[c] ? cell.padStart(widths[c]) : cell.padEnd(widths[c]))).join(' | ')} |`;
  const rule = `| ${widths.map((width, c) => (isNumber[c] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}
