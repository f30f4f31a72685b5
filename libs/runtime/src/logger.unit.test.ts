import { createLogger, type LogLevel } from './logger';

function capture(level: LogLevel = 'debug') {
  const lines: string[] = [];
  const log = createLogger({ app: 'trainer', level, destination: { write: (line) => lines.push(line) } });
  return { log, lines, records: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('createLogger', () => {
  it('writes one line of JSON with stable fields', () => {
    const { log, lines, records } = capture();
    log.info('model.published', { modelVersion: '3-17' });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^[^\n]+\n$/);
    expect(records()[0]).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as unknown,
      app: 'trainer',
      pid: process.pid,
      modelVersion: '3-17',
      msg: 'model.published',
    });
  });

  it.each([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['silent', []],
  ] as const)('at level %s writes %j', (level, written) => {
    const { log, records } = capture(level);
    log.debug('a');
    log.info('a');
    log.warn('a');
    log.error('a');
    expect(records().map((record) => record['level'])).toEqual(written);
  });

  it.each(['password', 'secret', 'token', 'apiKey'])('hides %s at every level of objects it promises', (name) => {
    const { log, lines } = capture();
    log.info('x', {
      [name]: 'hunter2',
      a: { [name]: 'hunter2', b: { [name]: 'hunter2' } },
      list: [{ [name]: 'hunter2' }],
    });
    log.child({ [name]: 'hunter2' }).info('x');
    expect(lines.join('')).not.toContain('hunter2');
    expect(lines.join('').match(/\[hidden\]/g)).toHaveLength(5);
  });

  it('adds the fields of a child to its lines alone', () => {
    const { log, records } = capture();
    log.child({ partition: 3 }).child({ offset: 8 }).warn('x');
    log.warn('x');
    expect(records()[0]).toMatchObject({ partition: 3, offset: 8 });
    expect(records()[1]).not.toHaveProperty('partition');
  });

  it('tells an error with its causes', () => {
    const { log, records } = capture();
    log.error('x', { error: new Error('outer', { cause: new Error('inner') }) });
    expect(records()[0]['error']).toMatchObject({ type: 'Error', message: 'outer: inner' });
  });

  it('survives values that JSON cannot hold', () => {
    const { log, records } = capture();
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    log.info('x', { circle, big: 2n });
    expect(records()[0]).toMatchObject({ big: 2, msg: 'x' });
  });
});
