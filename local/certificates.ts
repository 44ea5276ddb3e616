import { generate } from 'selfsigned';

export interface LocalCertificates {
  /** PEM of the certificate authority, for clients to trust. */
  readonly authority: string;
  readonly certificate: string;
  readonly privateKey: string;
}

export interface CertificateOptions {
  /** What clients call the server. @default localhost */
  readonly names?: readonly string[];
  /** How long both are valid. @default 1 */
  readonly days?: number;
}

/** A certificate authority of our own, and a server certificate for these names and the loopback address. */
export async function makeLocalCertificates({
  names = ['localhost'],
  days = 1,
}: CertificateOptions = {}): Promise<LocalCertificates> {
  const common = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;
  const now = Date.now();
  const validity = {
    notBeforeDate: new Date(now - 3_600_000),
    notAfterDate: new Date(now + days * 86_400_000),
  };
  const authority = await generate([{ name: 'commonName', value: 'GoLive local authority' }], {
    ...common,
    ...validity,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: 'commonName', value: names[0] ?? 'localhost' }], {
    ...common,
    ...validity,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [...names.map((value) => ({ type: 2 as const, value })), { type: 7, ip: '127.0.0.1' }],
      },
    ],
  });
  return { authority: authority.cert, certificate: server.cert, privateKey: server.private };
}
