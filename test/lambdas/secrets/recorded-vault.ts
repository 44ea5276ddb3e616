import { PutObjectCommand, type PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import { GetParameterCommand, ParameterNotFound, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import type { AuditRecord } from '../../../core/audit';

/** The vault as a rotation function finds it, and what it has put there. */
export class RecordedVault {
  readonly ssm = mockClient(SSMClient);
  readonly s3 = mockClient(S3Client);
  readonly puts: PutObjectCommandInput[] = [];

  constructor() {
    // A later version of the parameter: of it nothing is read but the vault.
    this.deployed({ operationsVersion: 3, vaultBucket: 'the-vault' });
    this.s3.on(PutObjectCommand).callsFake((input: PutObjectCommandInput) => {
      this.puts.push(input);
      return {};
    });
  }

  /** What the Backup stack has written; undefined: it is not there. */
  deployed(operations: object | undefined): void {
    const asked = this.ssm.on(GetParameterCommand, { Name: '/golive/prod/operations' });
    if (operations) asked.resolves({ Parameter: { Value: JSON.stringify(operations) } });
    else asked.rejects(new ParameterNotFound({ message: 'not found', $metadata: {} }));
  }

  get records(): AuditRecord[] {
    return this.puts.map(({ Body }) => JSON.parse(Body as string) as AuditRecord);
  }
}
