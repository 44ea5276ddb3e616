import { paginateListClusters, DescribeClustersCommand, type ECSClient } from '@aws-sdk/client-ecs';
import { inChunks } from '../../shared/in-chunks';

/** What DescribeClusters takes at once. */
const CLUSTERS_AT_ONCE = 100;

/** Every stack of an environment carries it, and so do its clusters. */
export const ENVIRONMENT_TAG = 'golive:environment';

/** The ARNs of the active clusters that carry the environment's tag. */
export async function findClusters(ecs: ECSClient, environment: string): Promise<string[]> {
  const arns: string[] = [];
  for await (const page of paginateListClusters({ client: ecs }, {})) arns.push(...(page.clusterArns ?? []));
  const found: string[] = [];
  for (const clusters of inChunks(arns, CLUSTERS_AT_ONCE)) {
    const answer = await ecs.send(new DescribeClustersCommand({ clusters, include: ['TAGS'] }));
    for (const { clusterArn, status, tags = [] } of answer.clusters ?? []) {
      const isOurs = tags.some(({ key, value }) => key === ENVIRONMENT_TAG && value === environment);
      if (clusterArn && isOurs && status === 'ACTIVE') found.push(clusterArn);
    }
  }
  return found;
}
