import { JudgedError, saidBy } from '../../shared/errors';

/** ECS did not say which services there are. */
export class ServicesUnreadableError extends JudgedError {
  readonly code = 'ServicesUnreadableError';

  constructor(what: string, cause: unknown) {
    const isDenied = /AccessDenied|UnrecognizedClient|ExpiredToken/.test(
      (cause as Error | undefined)?.name ?? '',
    );
    super(
      `${what}: ${saidBy(cause)}; ` +
        (isDenied
          ? 'allow ecs:ListClusters, DescribeClusters, ListServices, DescribeServices and DescribeTaskDefinition to who asks'
          : 'look whether ECS is well in this region, and try again'),
      { cause, retryable: !isDenied },
    );
  }
}
