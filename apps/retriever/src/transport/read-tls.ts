import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';

import { type Clock, readSettingFile, SettingsError } from '@gatehouse/runtime';

import type { TlsSettings } from './transport-settings';

/** Certificate, key and authorities, read and checked. */
export interface TlsFiles {
  readonly options: SecureContextOptions;
  /** Last moment of the certificate. */
  readonly validToMs: number;
  /** The texts of all files, to see whether they changed. */
  readonly texts: readonly string[];
}

/** What TLS 1.2 may use: HTTP/2 forbids the others (RFC 9113, appendix A). Those of TLS 1.3 come first by themselves. */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** Reads the texts of the files that the settings name. @throws SettingsError when one cannot be read. */
export function readTlsTexts({ certFile, keyFile, clientCaFile }: TlsSettings): string[] {
  const read = (key: string, file: string) => readSettingFile(`tls.${key}`, file, { environment: {} });
  return [
    read('certFile', certFile),
    read('keyFile', keyFile),
    ...(clientCaFile === undefined ? [] : [read('clientCaFile', clientCaFile)]),
  ];
}

/**
 * Checks what a start or a reload must not go on with: texts that are no certificates, one that is not valid now, a key of another
 * certificate, authorities that are none.
 *
 * @param texts as {@link readTlsTexts} gives them.
 * @throws SettingsError that names the key; it never quotes the private key.
 */
export function checkTls(settings: TlsSettings, texts: readonly string[], clock: Pick<Clock, 'nowMs'>): TlsFiles {
  const [cert, key, ca] = texts;
  const [leaf] = certificatesOf('tls.certFile', settings.certFile, cert);
  checkTimes('tls.certFile', leaf, clock.nowMs());
  if (!leaf.checkPrivateKey(privateKeyOf(settings.keyFile, key)))
    throw new SettingsError(
      'tls.keyFile',
      `expected the key of the certificate in ${settings.certFile}, found another one`,
    );
  if (settings.clientCaFile !== undefined) {
    for (const authority of certificatesOf('tls.clientCaFile', settings.clientCaFile, ca)) {
      if (!authority.ca)
        throw new SettingsError('tls.clientCaFile', `expected authorities, found ${nameOf(authority)}, which is none`);
    }
  }
  const options: SecureContextOptions = {
    cert,
    key,
    ...(ca !== undefined && { ca }),
    ciphers,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
  };
  try {
    createSecureContext(options);
  } catch (cause) {
    throw new SettingsError('tls', 'expected a certificate and key that TLS can use', { cause });
  }
  return { options, validToMs: Date.parse(leaf.validTo), texts };
}

const pemCertificate = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

function certificatesOf(key: string, file: string, text: string): X509Certificate[] {
  const begun = text.split('-----BEGIN CERTIFICATE-----').length - 1;
  const whole = text.match(pemCertificate) ?? [];
  if (begun === 0 || whole.length !== begun)
    throw new SettingsError(
      key,
      `expected certificates in PEM, found ${begun === 0 ? 'none' : 'a cut one'} in ${file}`,
    );
  try {
    return whole.map((pem) => new X509Certificate(pem));
  } catch (cause) {
    throw new SettingsError(key, `expected certificates in PEM, found something else in ${file}`, { cause });
  }
}

function privateKeyOf(file: string, text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch {
    // OpenSSL's words say nothing about the file, and the text must not appear anywhere.
    throw new SettingsError(
      'tls.keyFile',
      `expected an unencrypted private key in PEM, found something else in ${file}`,
    );
  }
}

function checkTimes(key: string, certificate: X509Certificate, nowMs: number): void {
  const { validFrom, validTo } = certificate;
  const day = (text: string): string => new Date(text).toISOString();
  if (nowMs < Date.parse(validFrom))
    throw new SettingsError(key, `expected a certificate that is valid now, found one from ${day(validFrom)} on`);
  if (nowMs > Date.parse(validTo))
    throw new SettingsError(key, `expected a certificate that is valid now, found one until ${day(validTo)}`);
}

const nameOf = ({ subject }: X509Certificate): string => (subject ?? 'a nameless one').replaceAll('\n', ', ');
