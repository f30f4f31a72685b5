import { randomBytes, webcrypto } from 'node:crypto';

/** A certificate and its private key, in PEM. */
export interface KeyAndCertificate {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate says. */
export interface CertificateWishes {
  readonly commonName: string;
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly uris?: readonly string[];
  /** First moment. @default a minute ago */
  readonly from?: Date;
  /** Last moment. @default in an hour */
  readonly to?: Date;
  /** What it may be used for. @default server and client */
  readonly usages?: readonly ('server' | 'client')[];
  /** May issue further ones. @default false */
  readonly isAuthority?: boolean;
}

/** Issues certificates. */
export interface Authority extends KeyAndCertificate {
  issue(wishes: CertificateWishes): Promise<KeyAndCertificate>;
  /** Issues a certificate that may issue others, or only acts as if it may: `isAuthority: false`. */
  delegate(wishes: CertificateWishes): Promise<Authority>;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const minuteMs = 60_000;

/**
 * Makes an authority of its own for a test, which nobody else trusts.
 *
 * @example
 * const authority = await createAuthority('test');
 * const { cert, key } = await authority.issue({ commonName: 'server', ipAddresses: ['127.0.0.1'] });
 */
export async function createAuthority(commonName: string): Promise<Authority> {
  return make({ commonName, isAuthority: true });
}

/** Makes a certificate that vouches for itself. */
export async function createSelfSigned(wishes: CertificateWishes): Promise<KeyAndCertificate> {
  return make(wishes);
}

interface Issuer {
  readonly name: string;
  readonly privateKey: webcrypto.CryptoKey;
}

async function make(wishes: CertificateWishes, issuer?: Issuer): Promise<Authority> {
  // Loaded when a test needs it: it takes longer than most tests.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const { commonName, dnsNames = [], ipAddresses = [], uris = [], usages = ['server', 'client'] } = wishes;
  const {
    from = new Date(Date.now() - minuteMs),
    to = new Date(Date.now() + 60 * minuteMs),
    isAuthority = false,
  } = wishes;
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const name = `CN=${commonName}`;
  const names = [
    ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...ipAddresses.map((value) => ({ type: 'ip' as const, value })),
    ...uris.map((value) => ({ type: 'url' as const, value })),
  ];
  const usageIds = { server: x509.ExtendedKeyUsage.serverAuth, client: x509.ExtendedKeyUsage.clientAuth };
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: `00${randomBytes(8).toString('hex')}`,
    subject: name,
    issuer: issuer?.name ?? name,
    notBefore: from,
    notAfter: to,
    publicKey: keys.publicKey,
    signingKey: issuer?.privateKey ?? keys.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(isAuthority, undefined, true),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
      ...(isAuthority ? [] : [new x509.ExtendedKeyUsageExtension(usages.map((usage) => usageIds[usage]))]),
    ],
  });
  const issue = (next: CertificateWishes) => make(next, { name, privateKey: keys.privateKey });
  return {
    cert: `${certificate.toString('pem')}\n`,
    key: toPem('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)),
    issue,
    delegate: issue,
  };
}

function toPem(label: string, bytes: ArrayBuffer): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
