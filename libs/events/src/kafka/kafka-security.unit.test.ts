import { SettingsError } from '@gatehouse/runtime';

import { type KafkaSettings, kafkaSettings } from '../kafka-settings';
import { securityOf } from './kafka-security';

const files: Readonly<Record<string, string>> = {
  'ca.pem': 'CA',
  'own.pem': 'CERT',
  'own.key': 'KEY',
  secret: 's3cret\n',
};
const readText = (file: string): string => {
  if (!(file in files)) throw new Error('ENOENT');
  return files[file];
};
const security = (settings: object, environment: Record<string, string> = {}) =>
  securityOf(kafkaSettings.parse({ brokers: ['kafka.example:9093'], ...settings }), { environment, readText });
const sasl = (changes: Partial<NonNullable<KafkaSettings['sasl']>>) => ({
  tls: {},
  sasl: { mechanism: 'scram-sha-512', username: 'app', ...changes },
});

describe('Kafka security', () => {
  it.each([['127.0.0.1:9092'], ['127.1.2.3:9092'], ['localhost:9092']])('lets plain text go to %s', (broker) => {
    expect(security({ brokers: [broker] })).toEqual({ socketFactory: expect.any(Function) as unknown });
  });

  it.each([['kafka.example:9092'], ['127.0.0.1.example:9092'], ['10.0.0.1:9092'], ['localhost.example:9092']])(
    'refuses plain text to %s unless told that it is insecure',
    (broker) => {
      const brokers = ['127.0.0.1:9092', broker];
      expect(() => security({ brokers })).toThrow(`kafka.tls: expected TLS to ${broker}, found none`);
      expect(security({ brokers, insecure: true })).toEqual({});
    },
  );

  it('refuses plain text to further brokers that one on this host names', () => {
    const { socketFactory } = security({ brokers: ['127.0.0.1:9092'] });
    const to = (host: string) => () =>
      socketFactory?.({ host, port: 1, ssl: undefined as never, onConnect: () => undefined });
    expect(to('10.0.0.5')).toThrow('kafka.tls: expected TLS to 10.0.0.5, which a broker named, found none');
    expect(security({ brokers: ['127.0.0.1:9092'], insecure: true }).socketFactory).toBeUndefined();
  });

  it('checks certificates, from TLS 1.2 on, against the authorities that are named', () => {
    const own = { caFile: 'ca.pem', certFile: 'own.pem', keyFile: 'own.key' };
    expect(security({ tls: own })).toEqual({
      ssl: { minVersion: 'TLSv1.2', rejectUnauthorized: true, ca: ['CA'], cert: 'CERT', key: 'KEY' },
    });
    expect(security({ tls: {} })).toEqual({ ssl: { minVersion: 'TLSv1.2', rejectUnauthorized: true } });
  });

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'])(
    'logs in by %s, with a password of a file or a variable',
    (mechanism) => {
      const expected = { sasl: { mechanism, username: 'app', password: 's3cret' } };
      expect(security(sasl({ mechanism: mechanism as never, passwordFile: 'secret' }))).toMatchObject(expected);
      const variable = sasl({ mechanism: mechanism as never, passwordVariable: 'PW' });
      expect(security(variable, { PW: 's3cret' })).toMatchObject(expected);
    },
  );

  it.each<[string, object, string]>([
    ['no password', sasl({}), 'kafka.sasl.password: expected either passwordFile or passwordVariable'],
    ['two passwords', sasl({ passwordFile: 'secret', passwordVariable: 'PW' }), 'kafka.sasl.password: expected either'],
    ['a variable that is not set', sasl({ passwordVariable: 'PW' }), 'kafka.sasl.passwordVariable: expected a secret'],
    [
      'a file that is not there',
      sasl({ passwordFile: 'none' }),
      'kafka.sasl.passwordFile: expected a file that can be read',
    ],
    ['an authority that is not there', { tls: { caFile: 'none' } }, 'kafka.tls.caFile: expected a file'],
    [
      'a certificate without its key',
      { tls: { certFile: 'own.pem' } },
      'kafka.tls: expected certFile and keyFile together',
    ],
  ])('refuses %s', (_, settings, message) => {
    expect(() => security(settings)).toThrow(message);
    expect(() => security(settings)).toThrow(SettingsError);
  });

  it('has no key for a secret itself', () => {
    const secret = { mechanism: 'plain', username: 'app', password: 's3cret' };
    expect(kafkaSettings.safeParse({ sasl: secret }).success).toBe(false);
  });
});
