import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { Tracer } from '@aws-lambda-powertools/tracer';
import { scrubbingReplacer } from '../../core/observability/scrub';

export interface Telemetry {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly tracer: Tracer;
}

/**
 * The three Powertools of a function. Service, level and namespace come from the variables that Powertools
 * reads itself (`POWERTOOLS_*`), which {@link SharedEnvironment} checks.
 */
export function createTelemetry(): Telemetry {
  return {
    logger: new Logger({ jsonReplacerFn: scrubbingReplacer }),
    // With the service, which Powertools adds by itself: two environments may share an account.
    metrics: new Metrics({
      defaultDimensions: { environment: process.env['GOLIVE_ENVIRONMENT'] ?? 'unknown' },
    }),
    tracer: new Tracer({
      // Only Lambda runs a daemon to send to. Elsewhere segments would go to a port where nobody listens.
      enabled: process.env['AWS_XRAY_DAEMON_ADDRESS'] !== undefined,
      // Calls to AWS are captured by `captureAWSv3Client`; patching https as well would show each one twice.
      captureHTTPsRequests: false,
    }),
  };
}
