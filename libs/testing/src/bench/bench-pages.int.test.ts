import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { lineChart } from './line-chart';
import { markdownTable } from './markdown-table';
import { writeSection } from './write-section';

describe('benchmark pages', () => {
  it('align tables, numbers to the right', () => {
    expect(
      markdownTable(
        ['estimator', 'error'],
        [
          ['gap', '.07'],
          ['exact', '12.5'],
        ],
      ),
    ).toBe(
      ['| estimator | error |', '| --------- | ----: |', '| gap       |   .07 |', '| exact     |  12.5 |'].join('\n'),
    );
  });

  it('draw each line within the plot, and escape labels', () => {
    const svg = lineChart(
      [
        {
          label: 'a < b',
          points: [
            [0, 0],
            [10, 0.5],
          ],
        },
      ],
      { title: 'T', xLabel: 'x', yLabel: 'y' },
    );
    expect(svg).toContain('points="70.0,364.0 610.0,46.0"'); // the corners of the plot: .5 is a tick
    expect(svg).toContain('a &lt; b');
    const log = lineChart(
      [
        {
          label: 'a',
          points: [
            [1, 1e-4],
            [1000, 1e-2],
          ],
        },
      ],
      { title: 'T', xLabel: 'x', yLabel: 'y', xLog: true, yLog: true },
    );
    expect(log).toContain('points="70.0,364.0 610.0,46.0"');
  });

  it('replace one section and leave the rest', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bench-'));
    try {
      const page = join(folder, 'page.md');
      writeFileSync(page, '# A\n\n<!-- bench:x -->\nold\n<!-- /bench:x -->\n\nrest\n');
      writeSection(page, 'x', 'new');
      expect(readFileSync(page, 'utf8')).toBe('# A\n\n<!-- bench:x -->\n\nnew\n\n<!-- /bench:x -->\n\nrest\n');
      expect(() => writeSection(page, 'y', 'new')).toThrow('expected <!-- bench:y --> and <!-- /bench:y -->');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
