import { describeError } from './describe-error';

function systemError(code: string, fields: object): Error {
  return Object.assign(new Error(`${code}: raw text, open`), { code, syscall: 'open', errno: -1, ...fields });
}

describe('describeError', () => {
  it.each([
    ['EADDRINUSE', { syscall: 'listen', address: '127.0.0.1', port: 8080 }, 'port in use: 127.0.0.1:8080 (EADDRINUSE)'],
    ['ECONNREFUSED', { address: '::1', port: 9092 }, 'nothing listens there: ::1:9092 (ECONNREFUSED)'],
    ['ENOSPC', { path: 'var/model' }, 'disk full: var/model (ENOSPC)'],
    ['EROFS', { path: 'var' }, 'not writable: read-only file system: var (EROFS)'],
    ['EACCES', { path: 'var' }, 'not readable or not writable: permission denied: var (EACCES)'],
    ['ENOENT', { path: 'app.yaml' }, 'no such file or folder: app.yaml (ENOENT)'],
    ['ENOTFOUND', { hostname: 'broker' }, 'unknown host: broker (ENOTFOUND)'],
    ['ENOSPC', {}, 'disk full (ENOSPC)'],
    ['EXDEV', {}, 'EXDEV: raw text, open'],
  ])('tells %s with %j in words', (code, fields, line) => {
    expect(describeError(systemError(code, fields))).toBe(line);
  });

  it('tells the chain of causes in one line', () => {
    const disk = systemError('ENOSPC', { path: 'var/3-17' });
    const error = new Error('cannot publish 3-17\n  while training', { cause: new Error('store', { cause: disk }) });
    expect(describeError(error)).toBe('cannot publish 3-17; while training: store: disk full: var/3-17 (ENOSPC)');
  });

  it('tells nothing twice', () => {
    expect(describeError(new Error('store: refused', { cause: new Error('refused') }))).toBe('store: refused');
  });

  it('ends on a circle of causes', () => {
    const error = new Error('a');
    error.cause = new Error('b', { cause: error });
    expect(describeError(error)).toBe('a: b');
  });

  it('tells each error of an aggregate', () => {
    const both = new AggregateError([systemError('ECONNREFUSED', { address: '::1', port: 1 }), new Error('other')], '');
    expect(describeError(both)).toBe('nothing listens there: ::1:1 (ECONNREFUSED), other');
  });

  it('tells where in the code a mistake is', () => {
    expect(describeError(new TypeError('x is not a function'))).toMatch(
      /^TypeError: x is not a function \(at .*describe-error\.unit\.test\.ts:\d+:\d+\)?\)$/,
    );
  });

  it.each([
    ['text', 'text'],
    [{ a: 1 }, 'thrown: {"a":1}'],
    [null, 'thrown: null'],
    [new Error(''), 'Error'],
  ])('tells %p', (thrown, line) => {
    expect(describeError(thrown)).toBe(line);
  });
});
