import { compareModelVersions, formatModelVersion, parseModelVersion } from './model-version';

describe('model version ids', () => {
  it('parses what it formats', () => {
    expect(parseModelVersion(formatModelVersion({ epoch: 3, sequence: 17 }))).toEqual({ epoch: 3, sequence: 17 });
  });

  it.each(['', '3', '3-', '-3', '0-1', '1-0', '01-1', '1-1-1', '1.5-1', '../1-1'])('refuses %j', (text) => {
    expect(() => parseModelVersion(text)).toThrow(/expected <epoch>-<sequence>/);
  });

  it('orders by epoch, then sequence, as numbers', () => {
    const ids = ['2-1', '1-10', '10-1', '1-9'];
    expect(ids.sort(compareModelVersions)).toEqual(['1-9', '1-10', '2-1', '10-1']);
  });
});
