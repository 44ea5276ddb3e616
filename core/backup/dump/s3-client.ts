import { Readable } from 'node:stream';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { NodeHttpHandler, type NodeHttpHandlerOptions } from '@smithy/node-http-handler';

/**
 * An S3 client whose requests always end, and for whose bodies no memory is needed twice. A connection that hangs
 * is given up and the request is sent again. The SDK's own retries do the rest: throttling, 500s, cut connections,
 * with exponential back-off.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 *
 * @param http for the connections, such as an agent
 */
export function dumpS3Client(overrides: S3ClientConfig = {}, http: NodeHttpHandlerOptions = {}): S3Client {
  return new S3Client({
    maxAttempts: 8,
    // With "Expect: 100-continue" the SDK opens a new connection for each part.
    expectContinueHeader: false,
    requestHandler: new SlicingHandler({
      connectionTimeout: 5_000,
      // Silence on the wire, milliseconds.
      socketTimeout: 30_000,
      // The whole of a small request; an uploaded part is given its own by its size.
      requestTimeout: 60_000,
      throwOnRequestTimeout: true,
      ...http,
    }),
    ...overrides,
  });
}

const SLICE_BYTES = 256 * 1024;

/**
 * Writes a large body in slices, as fast as the socket takes them. In one write, TLS would encrypt all of it at
 * once into memory of its own, 16 MiB and more for each part that is on its way. The SDK still holds the body as
 * one buffer, so each retry begins anew.
 */
class SlicingHandler extends NodeHttpHandler {
  override handle(...[request, options]: Parameters<NodeHttpHandler['handle']>) {
    const body: unknown = request.body;
    if (!Buffer.isBuffer(body) || body.length <= SLICE_BYTES) return super.handle(request, options);
    return super.handle({ ...request, body: Readable.from(slices(body)) } as typeof request, options);
  }
}

function* slices(body: Buffer): Generator<Buffer> {
  for (let start = 0; start < body.length; start += SLICE_BYTES)
    yield body.subarray(start, start + SLICE_BYTES);
}
