import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { TemplateError } from '../intrinsics';
import type { Provider } from '../provider';

const CustomResourceProperties = z.looseObject({ ServiceToken: z.string() });

const Answer = z.object({
  Status: z.enum(['SUCCESS', 'FAILED']),
  Reason: z.string().optional(),
  PhysicalResourceId: z.string().min(1),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  Data: z.record(z.string(), z.unknown()).default({}),
});

/** What CloudFormation reads. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html */
const MAXIMUM_ANSWER_BYTES = 4096;

/**
 * Sends Create to the function that the template names and waits for its answer at a URL, as CloudFormation does: what
 * the function returns does not count. One that hands the question on is waited for as long as a state machine runs.
 */
export const customResourceProvider: Provider = {
  treatment: 'executed',
  note: 'the function is invoked with Create, and what it, or whom it handed the question to, answers to its URL decides',
  async make(request, { functions, invoke, region, account, progress, stepFunctions }) {
    const { ServiceToken, ...properties } = CustomResourceProperties.parse(request.properties);
    const fn = functions.get(ServiceToken);
    if (!fn) throw new TemplateError(`${request.path}: there is no function ${ServiceToken}`);
    progress(`asking ${fn.path} for ${request.logicalId}`);
    const inbox = await openInbox();
    try {
      const event = {
        RequestType: 'Create',
        ResponseURL: inbox.url,
        StackId: `arn:aws:cloudformation:${region}:${account}:stack/${request.stack}/local`,
        RequestId: randomUUID(),
        ResourceType: request.type,
        LogicalResourceId: request.logicalId,
        ResourceProperties: asText({ ...properties, ServiceToken }),
      };
      const { error } = await invoke(fn, event);
      // It may have handed the question to a state machine, and the answer comes from there.
      if (error === undefined && inbox.answer() === undefined) await stepFunctions.settled();
      const answer = inbox.answer();
      if (answer === undefined) {
        throw new TemplateError(
          `${fn.path} answered nothing, and CloudFormation would wait for an hour: ${error?.errorMessage ?? 'it says nothing either'}`,
        );
      }
      const { Status, Reason, PhysicalResourceId, Data, ...about } = Answer.parse(answer);
      const { StackId, RequestId, LogicalResourceId } = event;
      if (JSON.stringify(about) !== JSON.stringify({ StackId, RequestId, LogicalResourceId }))
        throw new TemplateError(`${fn.path} answered for another request than the one that it was given`);
      if (Status === 'FAILED') throw new TemplateError(Reason ?? `${fn.path} failed and says nothing`);
      const attributes = Object.entries(Data).map(([name, value]) => [name, String(value)]);
      return {
        ref: PhysicalResourceId,
        attributes: Object.fromEntries(attributes) as Record<string, string>,
      };
    } finally {
      inbox.close();
    }
  },
};

/** A place for one answer, which only who was given the URL can reach. */
async function openInbox(): Promise<{ url: string; answer(): unknown; close(): void }> {
  const path = `/${randomUUID()}`;
  let answer: unknown;
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      // S3 would find that the signature does not fit.
      const fits = incoming.method === 'PUT' && incoming.url === path && !incoming.headers['content-type'];
      if (!fits || body.length > MAXIMUM_ANSWER_BYTES) return void outgoing.writeHead(403).end();
      // The first one counts.
      answer ??= JSON.parse(body.toString('utf8')) as unknown;
      outgoing.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${path}`,
    answer: () => answer,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** CloudFormation passes numbers and booleans as text. */
function asText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asText);
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? value : String(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asText(item)]));
}
