import { JudgedError, saidBy } from '../shared/errors';

/** ECS did not say how a service is. */
export class ServiceUnreadableError extends JudgedError {
  readonly code = 'ServiceUnreadableError';

  constructor(service: string, cause: unknown) {
    const isDenied = /AccessDenied|UnrecognizedClient|ExpiredToken/.test(
      (cause as Error | undefined)?.name ?? '',
    );
    super(
      `what runs as ${service} is not known: ${saidBy(cause)}; ` +
        (isDenied
          ? 'use credentials with the policy golive-<environment>-services-operator-<region>'
          : 'look whether ECS is well in this region, and try again'),
      { cause, retryable: !isDenied },
    );
  }
}
