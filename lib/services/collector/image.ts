/**
 * AWS Distro for OpenTelemetry Collector v0.49.0, by the digest of its index, which holds the image of each architecture. AWS
 * supports a release until the next one: https://github.com/aws-observability/aws-otel-collector/releases
 *
 * The digest was read in public repositories that pin the same release, not asked of the registry. To see it and the next
 * one: `docker buildx imagetools inspect public.ecr.aws/aws-observability/aws-otel-collector:v0.49.0`. With another release
 * compare `components.ts` with its documentation.
 */
export const PUBLIC_IMAGE =
  'public.ecr.aws/aws-observability/aws-otel-collector@sha256:d2bdfff2c377c3d71d78bd5d9ce9862fd535b12134a5739d87a07801297cf9fd';
