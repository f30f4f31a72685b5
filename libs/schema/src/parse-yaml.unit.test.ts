import { parseYaml } from './parse-yaml';

describe('parseYaml', () => {
  it('yields plain data', () => {
    const text = 'a: 1\nb: [x, true, null, 1.5]\nc:\n  d: "1"\n  e:\n';
    expect(parseYaml(text, 'a.yaml').value).toEqual({ a: 1, b: ['x', true, null, 1.5], c: { d: '1', e: null } });
  });

  it('knows where keys and entries of lists are', () => {
    const { placeOf } = parseYaml('# comment\na:\n  b: 1\n  list:\n    - x\n    - y: 2\n', 'a.yaml');
    expect(placeOf(['a'])).toBe('a.yaml:2:1');
    expect(placeOf(['a', 'b'])).toBe('a.yaml:3:3');
    expect(placeOf(['a', 'list', 0])).toBe('a.yaml:5:7');
    expect(placeOf(['a', 'list', 1, 'y'])).toBe('a.yaml:6:7');
  });

  it('points to the nearest key above one that is missing', () => {
    const { placeOf } = parseYaml('\na:\n  b: 1\n', 'a.yaml');
    expect(placeOf(['a', 'missing', 'deeper'])).toBe('a.yaml:2:1');
    expect(placeOf(['missing'])).toBe('a.yaml:1:1');
  });

  it('does not take a key with a dot for two keys', () => {
    expect(parseYaml('a.b: 1\na:\n  c: 2\n', 'a.yaml').placeOf(['a', 'b'])).toBe('a.yaml:2:1');
  });

  it.each([
    ['a duplicate key', 'a: 1\n"a": 2', 'a.yaml:2:1: a: expected each key once, found a duplicate'],
    ['an alias', 'a: &x 1\nb: *x', 'a.yaml:2:4: b: expected a value, found the alias *x: write the value out'],
    ['an unknown tag', 'a: !file x', 'a.yaml:1:4: expected valid YAML, found: Unresolved tag: !file'],
    [
      'two documents',
      'a: 1\n---\nb: 1',
      /^a\.yaml:2:1: expected valid YAML, found: Source contains multiple documents/,
    ],
    ['a list as a key', '? [a]\n: 1', /^a\.yaml:1:3: expected valid YAML/],
    ['a tab', 'a:\n\t- 1', /^a\.yaml:2:1: expected valid YAML, found: Tabs are not allowed as indentation/],
    ['a key that sets the prototype', 'x: {__proto__: {y: 1}}', 'a.yaml:1:5: x.__proto__: expected another key'],
    ['deep nesting', `${'['.repeat(33)}${']'.repeat(33)}`, /expected at most 32 levels of nesting$/],
    ['a large text', '#'.repeat(1024 * 1024 + 1), 'a.yaml:1:1: expected at most 1048576 bytes, found 1048577'],
  ])('refuses %s', (_what, text, message) => {
    expect(() => parseYaml(text, 'a.yaml')).toThrow(message);
  });

  it('names all problems of a document at once', () => {
    expect(() => parseYaml('a: 1\na: 2\nb: *x\n', 'a.yaml')).toThrow(/^a\.yaml:2:1: .*\na\.yaml:3:4: .*$/);
  });

  it('refuses an alias bomb without expanding it', () => {
    const levels = Array.from({ length: 20 }, (_, i) => `k${i + 1}: &k${i + 1} [${`*k${i},`.repeat(9)}]`);
    expect(() => parseYaml(`k0: &k0 x\n${levels.join('\n')}`, 'a.yaml')).toThrow(/found the alias \*k0/);
  });

  it('refuses nesting that would end the stack', () => {
    expect(() => parseYaml('['.repeat(5_000), 'a.yaml')).toThrow(/^a\.yaml:1:/);
  });
});
