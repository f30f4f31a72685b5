import { z } from 'zod';

import { ConfigError } from './config-error';
import type { Environment } from './environment';
import { readYaml } from './read-yaml';

const appConfig = z.strictObject({
  log: z
    .strictObject({ folder: z.string().min(2).default('var/log'), level: z.enum(['debug', 'info']).default('info') })
    .prefault({}),
  publish: z
    .strictObject({ everyEvents: z.int().positive().default(100), topics: z.array(z.string()).max(2).default([]) })
    .prefault({}),
  store: z.strictObject({ url: z.url(), password: z.string().min(4) }).optional(),
  sizes: z.record(z.string().regex(/^[a-z]+$/, 'expected small letters'), z.number().max(9)).default({}),
  backend: z.union([z.literal('auto'), z.int()]).optional(),
});
const defaults = { log: { folder: 'var/log', level: 'info' }, publish: { everyEvents: 100, topics: [] }, sizes: {} };

function read(text: string, values: Environment['values'] = {}): unknown {
  return readYaml(text, 'app.yaml', appConfig, { prefix: 'APP_', values });
}

function linesOf(run: () => unknown): string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

describe('readYaml', () => {
  it.each(['', '# nothing\n', '{}', 'log: {}\n'])('fills in defaults: %j', (text) => {
    expect(read(text)).toEqual(defaults);
  });

  it.each([
    ['lok: {}', 'app.yaml:1:1: lok: expected one of log, publish, store, sizes, backend, found an unknown key'],
    ['log:\n  lvl: info', 'app.yaml:2:3: log.lvl: expected one of folder, level, found an unknown key'],
    ['log:\n  level: loud', 'app.yaml:2:3: log.level: expected one of debug, info, found "loud"'],
    ['log:\n  folder: 7', 'app.yaml:2:3: log.folder: expected a string, found 7'],
    ['log:\n  folder: x', 'app.yaml:2:3: log.folder: expected at least 2 characters, found "x"'],
    ['log:', 'app.yaml:1:1: log: expected a mapping, found nothing'],
    ['log: []', 'app.yaml:1:1: log: expected a mapping, found an empty list'],
    ['\n- log', 'app.yaml:1:1: expected a mapping, found a list of 1'],
    ['publish:\n  everyEvents: 1.5', 'app.yaml:2:3: publish.everyEvents: expected an integer, found 1.5'],
    ['publish:\n  everyEvents: 0', 'app.yaml:2:3: publish.everyEvents: expected a number of more than 0, found 0'],
    ['publish:\n  everyEvents: .inf', 'app.yaml:2:3: publish.everyEvents: expected a number, found Infinity'],
    ['publish:\n  topics: [a, {b: c}]', 'app.yaml:2:15: publish.topics[1]: expected a string, found a mapping'],
    ['publish:\n  topics: [a, b, c]', 'app.yaml:2:3: publish.topics: expected at most 2 entries, found a list of 3'],
    ['sizes:\n  a: 1\n  B: 1', 'app.yaml:3:3: sizes.B: expected small letters, found "B"'],
    ['sizes:\n  a: 10', 'app.yaml:2:3: sizes.a: expected a number of at most 9, found 10'],
    ['backend: x', 'app.yaml:1:1: backend: expected auto or expected a number, found "x"'],
    ['store:\n  url: http://h/', 'app.yaml:1:1: store.password: expected a string, found nothing'],
    [
      'store: {url: http://h/, password: abc}',
      'app.yaml:1:25: store.password: expected at least 4 characters, found a hidden value',
    ],
  ])('refuses %j and says where, what is allowed and what was found', (text, line) => {
    expect(linesOf(() => read(text))).toEqual([line]);
  });

  it('tells several problems at once', () => {
    expect(linesOf(() => read('log: {level: x, a: 1, b: 2}\nextra: 1\n')).map((line) => line.split(' ')[1])).toEqual([
      'log.level:',
      'log.a:',
      'log.b:',
      'extra:',
    ]);
  });

  it('keeps file and problems as fields', () => {
    const problems = [{ place: 'app.yaml:1:1', path: 'log', message: 'expected a mapping, found 1' }];
    expect(() => read('log: 1')).toThrow(
      expect.objectContaining({ name: 'ConfigError', file: 'app.yaml', problems }) as Error,
    );
  });

  it('takes what a custom check says', () => {
    const type = z.strictObject({ min: z.number(), max: z.number() }).superRefine(({ min, max }, context) => {
      if (min <= max) return;
      context.addIssue({ code: 'custom', path: ['max'], message: `expected at least min (${min})` });
      context.addIssue({ code: 'custom', message: 'expected a range', params: { found: 'none' } });
    });
    expect(linesOf(() => readYaml('min: 2\nmax: 1', 'app.yaml', type))).toEqual([
      'app.yaml:2:1: max: expected at least min (2), found 1',
      'app.yaml:1:1: expected a range, found none',
    ]);
  });
});

describe('readYaml with environment variables', () => {
  it('overrides keys, also of mappings that the text leaves out', () => {
    const values = {
      APP_LOG_FOLDER: '/data',
      APP_PUBLISH_EVERY_EVENTS: '7',
      APP_PUBLISH_TOPICS: '[a, b]',
      APP_SIZES: '{a: 2}',
      APP_STORE_URL: 'http://h:1/',
      APP_STORE_PASSWORD: 'abcd',
    };
    expect(read('log:\n  folder: var\n', values)).toEqual({
      log: { folder: '/data', level: 'info' },
      publish: { everyEvents: 7, topics: ['a', 'b'] },
      sizes: { a: 2 },
      store: { url: 'http://h:1/', password: 'abcd' },
    });
  });

  it.each(['12345', 'true', '# not a comment', 'a: b', '*alias'])(
    'takes the text %j for a string as it stands',
    (text) => {
      expect(read('', { APP_LOG_FOLDER: text })).toMatchObject({ log: { folder: text } });
    },
  );

  it('leaves alone variables of other prefixes and those not set', () => {
    expect(read('', { OTHER_LOG_FOLDER: 'x', PATH: 'x', APP_LOG_FOLDER: undefined })).toEqual(defaults);
    expect(readYaml('', 'app.yaml', appConfig)).toEqual(defaults);
  });

  it.each([
    [
      { APP_LOG_FOLDR: 'x' },
      'variable APP_LOG_FOLDR: expected one of APP_LOG_FOLDER, APP_LOG_LEVEL, APP_PUBLISH_EVERY_EVENTS, APP_PUBLISH_TOPICS, ' +
        'APP_STORE_URL, APP_STORE_PASSWORD, APP_SIZES, APP_BACKEND, found an unknown name',
    ],
    [{ APP_LOG_LEVEL: 'loud' }, 'variable APP_LOG_LEVEL: log.level: expected one of debug, info, found "loud"'],
    [{ APP_PUBLISH_TOPICS: '[1]' }, 'variable APP_PUBLISH_TOPICS: publish.topics[0]: expected a string, found 1'],
    [
      { APP_PUBLISH_EVERY_EVENTS: '' },
      'variable APP_PUBLISH_EVERY_EVENTS: publish.everyEvents: expected a number, found nothing',
    ],
    [
      { APP_PUBLISH_EVERY_EVENTS: '"' },
      'variable APP_PUBLISH_EVERY_EVENTS: expected valid YAML, found: Missing closing "quote',
    ],
  ])('names the variable of a problem: %j', (values, line) => {
    expect(linesOf(() => read('log: {level: info}\n', values))).toEqual([line]);
  });

  it('names the file for what the file has wrong, and both at once', () => {
    expect(linesOf(() => read('publish: 4\n', { APP_PUBLISH_EVERY_EVENTS: '1', APP_X: '1' }))).toEqual([
      expect.stringMatching(/^variable APP_X: /),
      'app.yaml:1:1: publish: expected a mapping, found 4',
    ]);
  });

  it('refuses a type in which two keys have one variable', () => {
    const type = z.strictObject({ logFolder: z.string(), log: z.strictObject({ folder: z.string() }) });
    expect(() => readYaml('', 'app.yaml', type, { prefix: 'APP_', values: { APP_LOG_FOLDER: 'x' } })).toThrow(
      'APP_LOG_FOLDER: expected one key, found logFolder and log.folder',
    );
  });
});
