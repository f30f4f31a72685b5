import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';

import type { KafkaConfig } from 'kafkajs';

import type { KafkaSettings } from '../kafka-settings';

/** Settings of Kafka that contradict themselves, or a secret that is not there. The start is refused. */
export class KafkaSettingsError extends Error {
  override readonly name = 'KafkaSettingsError';
  constructor(
    /** Key of the configuration. */
    readonly key: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`kafka.${key}: ${problem}`, options);
  }
}

/** Where secrets come from. */
export interface SecretSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** @default reads the file system */
  readonly readText?: (file: string) => string;
}

/**
 * The part of kafkajs's configuration that protects the connection.
 *
 * @throws KafkaSettingsError when credentials or data would cross a network in plain text without `insecure`, or a file or secret is missing.
 */
export function securityOf(settings: KafkaSettings, sources: SecretSources): Pick<KafkaConfig, 'ssl' | 'sasl'> {
  const { brokers, insecure, tls, sasl } = settings;
  const { environment, readText = (file: string) => readFileSync(file, 'utf8') } = sources;
  const remote = brokers.find((broker) => !isLoopback(broker));
  if (tls === null && remote !== undefined && !insecure)
    throw new KafkaSettingsError('tls', `expected TLS to ${remote}, found none; set tls: {}, or insecure: true`);
  const read = (key: string, file: string): string => {
    try {
      return readText(file);
    } catch (cause) {
      throw new KafkaSettingsError(key, `expected a file that can be read, found ${file}`, { cause });
    }
  };
  return {
    ...(tls && { ssl: tlsOf(tls, read) }),
    ...(sasl && {
      sasl: { mechanism: sasl.mechanism, username: sasl.username, password: passwordOf(sasl, environment, read) },
    }),
  } as Pick<KafkaConfig, 'ssl' | 'sasl'>; // kafkajs has one type for each mechanism
}

type Read = (key: string, file: string) => string;

function tlsOf({ caFile, certFile, keyFile }: NonNullable<KafkaSettings['tls']>, read: Read): KafkaConfig['ssl'] {
  if ((certFile === undefined) !== (keyFile === undefined))
    throw new KafkaSettingsError('tls', 'expected certFile and keyFile together, found one of them');
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    ...(caFile !== undefined && { ca: [read('tls.caFile', caFile)] }),
    ...(certFile !== undefined && { cert: read('tls.certFile', certFile) }),
    ...(keyFile !== undefined && { key: read('tls.keyFile', keyFile) }),
  };
}

function passwordOf(
  { passwordFile, passwordVariable }: NonNullable<KafkaSettings['sasl']>,
  environment: SecretSources['environment'],
  read: Read,
): string {
  if ((passwordFile === undefined) === (passwordVariable === undefined))
    throw new KafkaSettingsError('sasl', 'expected either passwordFile or passwordVariable');
  const [key, password] =
    passwordFile !== undefined
      ? ['sasl.passwordFile', read('sasl.passwordFile', passwordFile).replace(/\r?\n$/, '')]
      : ['sasl.passwordVariable', environment[passwordVariable as string] ?? ''];
  if (password === '') throw new KafkaSettingsError(key, 'expected a password, found nothing');
  return password;
}

/** Whether a broker is this host, so that nobody else sees what goes there. */
function isLoopback(broker: string): boolean {
  const host = broker.slice(0, broker.lastIndexOf(':'));
  return host === 'localhost' || (isIP(host) === 4 && host.startsWith('127.'));
}
