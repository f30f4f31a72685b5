import { idProblem } from './ids';

describe('idProblem', () => {
  it.each(['1', 'a'.repeat(128), 'é'.repeat(64), '__proto__'])('accepts %j', (id) => {
    expect(idProblem(id)).toBeUndefined();
  });

  it.each([
    ['', 'expected 1 to 128 bytes, found 0'],
    ['a'.repeat(129), 'expected 1 to 128 bytes, found 129'],
    ['é'.repeat(65), 'expected 1 to 128 bytes, found 130'],
    [42, 'expected a string, found number'],
    [null, 'expected a string, found null'],
    [undefined, 'expected a string, found undefined'],
  ])('refuses %j', (id, problem) => {
    expect(idProblem(id)).toBe(problem);
  });
});
