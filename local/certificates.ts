import { generate } from 'selfsigned';

export interface LocalCertificates {
  /** PEM of the certificate authority, for clients to trust. */
  readonly authority: string;
  readonly certificate: string;
  readonly privateKey: string;
}

/** A certificate authority of our own and a server certificate for this machine's loopback names, one day long. */
export async function makeLocalCertificates(): Promise<LocalCertificates> {
  const common = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;
  const now = Date.now();
  const validity = { notBeforeDate: new Date(now - 3_600_000), notAfterDate: new Date(now + 86_400_000) };
  const authority = await generate([{ name: 'commonName', value: 'GoLive local authority' }], {
    ...common,
    ...validity,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...common,
    ...validity,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { authority: authority.cert, certificate: server.cert, privateKey: server.private };
}
