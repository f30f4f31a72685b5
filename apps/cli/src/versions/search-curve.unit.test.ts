import { servablePointer } from '@gatehouse/artifacts';

import { formatCurve } from './search-curve';

test('the widths of search are listed with what they found and cost', () => {
  const curve = [
    { effort: 32, recall: 0.91234, ms: 0.1234 },
    { effort: 64, recall: 0.97, ms: 0.2 },
  ];
  expect(formatCurve(servablePointer('1-7', { indexId: '1-7.1', effort: 64 }, undefined, curve))).toBe(
    [
      'index 1-7.1',
      'effort  recall  ms',
      '------  ------  -----',
      '32      0.9123  0.123',
      '64      0.9700  0.200  chosen',
    ]
      .join('\n')
      .replace('effort  recall  ms', 'effort  recall  ms')
      .replace('------  ------  -----', '------  ------  -----  ------'),
  );
});

test('there may be nothing to list', () => {
  expect(formatCurve(undefined)).toBe('no index serves yet');
  expect(formatCurve({ version: '1-7', indexId: '1-7.1' })).toBe('index 1-7.1: brought back, so nothing was measured');
});
