import type { RDSClient } from '@aws-sdk/client-rds';
import type { S3Client } from '@aws-sdk/client-s3';
import { newestDrill } from '../drill/drill-object';
import { drillFact } from '../drill/observed';
import { observeOffsite } from '../offsite';
import type { Operations } from '../operations';
import { evaluateHealth } from './evaluate';
import { observeBackups } from './observe';
import type { HealthReport } from './report';

/** A region's clients. */
export interface RegionClients {
  readonly s3: S3Client;
  readonly rds: RDSClient;
}

export interface HealthRequest extends RegionClients {
  readonly operations: Operations;
  /** Called at most once, when copies in another region are configured. */
  readonly clientsIn: (region: string) => RegionClients;
}

/**
 * Asks the seven questions of an environment, as it is now. The monitor does it every hour, and a person with
 * `golive monitor`.
 *
 * @throws CatalogueUnavailableError when S3 does not answer at all
 */
export async function checkHealth({ s3, rds, operations, clientsIn }: HealthRequest): Promise<HealthReport> {
  const { environment, offsite } = operations;
  const facts = await observeBackups({
    s3,
    rds,
    bucket: operations.vaultBucket,
    environment,
    dbiResourceId: operations.dbiResourceId,
    policy: operations.retention,
    expectedEveryHours: operations.dumpExpectedEveryHours,
    readDrill: async () => {
      const newest = await newestDrill(s3, operations.vaultBucket);
      return newest && drillFact(newest);
    },
    readOffsite: () => observeOffsite(environment, offsite && { ...offsite, ...clientsIn(offsite.region) }),
  });
  return evaluateHealth(facts, operations.health);
}
