import { formatSeconds, formatTable } from './format';

describe('formatTable', () => {
  it('aligns columns by their widest cell, without spaces at the end', () => {
    const rows = [
      ['1', 'Heat', ''],
      ['12', 'M', 'x'],
    ];
    expect(formatTable(['rank', 'title', 's'], rows)).toBe(
      ['rank  title  s', '----  -----  -', '1     Heat', '12    M      x'].join('\n'),
    );
  });

  it('shows a header without rows', () => {
    expect(formatTable(['a', 'bc'], [])).toBe('a  bc\n-  --');
  });
});

test('formatSeconds rounds to one decimal', () => {
  expect([0, 1.25, 59.96].map(formatSeconds)).toEqual(['0.0 s', '1.3 s', '60.0 s']);
});
