import { connect } from 'node:net';

import { isLoopbackHost, readSecret, readSettingFile, type SecretSources, SettingsError } from '@gatehouse/runtime';
import type { ISocketFactory, KafkaConfig } from 'kafkajs';

import type { KafkaSettings } from '../kafka-settings';

/**
 * The part of kafkajs's configuration that protects the connection.
 *
 * @throws SettingsError when credentials or data would cross a network in plain text without `insecure`, or a file or secret is missing.
 */
export function securityOf(
  settings: KafkaSettings,
  sources: SecretSources,
): Pick<KafkaConfig, 'ssl' | 'sasl' | 'socketFactory'> {
  const { brokers, insecure, tls, sasl } = settings;
  const remote = brokers.find((broker) => !isLoopbackHost(broker.slice(0, broker.lastIndexOf(':'))));
  if (tls === null && remote !== undefined && !insecure)
    throw new SettingsError('kafka.tls', `expected TLS to ${remote}, found none; set tls: {}, or insecure: true`);
  return {
    ...(tls === null && !insecure && { socketFactory: connectToThisHost }),
    ...(tls && { ssl: tlsOf(tls, sources) }),
    ...(sasl && { sasl: saslOf(sasl, sources) }),
  } as Pick<KafkaConfig, 'ssl' | 'sasl' | 'socketFactory'>; // kafkajs has one type for each mechanism
}

/** Brokers tell further addresses, as behind a tunnel: what is allowed for those of the settings is not yet for these. */
const connectToThisHost: ISocketFactory = ({ host, port, onConnect }) => {
  if (!isLoopbackHost(host))
    throw new SettingsError('kafka.tls', `expected TLS to ${host}, which a broker named, found none; set tls: {}`);
  return connect({ host, port }, onConnect).setKeepAlive(true, 60_000);
};

function tlsOf(
  { caFile, certFile, keyFile }: NonNullable<KafkaSettings['tls']>,
  sources: SecretSources,
): KafkaConfig['ssl'] {
  if ((certFile === undefined) !== (keyFile === undefined))
    throw new SettingsError('kafka.tls', 'expected certFile and keyFile together, found one of them');
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    ...(caFile !== undefined && { ca: [readSettingFile('kafka.tls.caFile', caFile, sources)] }),
    ...(certFile !== undefined && { cert: readSettingFile('kafka.tls.certFile', certFile, sources) }),
    ...(keyFile !== undefined && { key: readSettingFile('kafka.tls.keyFile', keyFile, sources) }),
  };
}

function saslOf(sasl: NonNullable<KafkaSettings['sasl']>, sources: SecretSources): object {
  const { mechanism, username, passwordFile: file, passwordVariable: variable } = sasl;
  return { mechanism, username, password: readSecret('kafka.sasl.password', { file, variable }, sources) };
}
