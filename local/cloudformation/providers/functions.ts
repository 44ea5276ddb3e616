import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { TemplateError } from '../intrinsics';
import { strictly, withoutEffect } from '../properties';
import { physicalName, type Provider, type ResourceRequest } from '../provider';

const FunctionProperties = z.object({
  FunctionName: z.string().optional(),
  Handler: z.string().optional(),
  PackageType: z.enum(['Zip', 'Image']).default('Zip'),
  Code: z.union([z.object({ S3Key: z.string() }), z.object({ ImageUri: z.string() })]),
  ImageConfig: z.object({ Command: z.array(z.string()).optional() }).optional(),
  Environment: z.object({ Variables: z.record(z.string(), z.string()) }).default({ Variables: {} }),
  // Lambda's own defaults
  Timeout: z.number().default(3),
  MemorySize: z.number().default(128),
  ...withoutEffect(
    'Architectures',
    'Description',
    'EphemeralStorage',
    'LoggingConfig',
    'ReservedConcurrentExecutions',
    'Role',
    'Runtime',
    'Tags',
    'TracingConfig',
    'VpcConfig',
  ),
});

export const functionProvider: Provider = {
  treatment: 'executed',
  note: 'the very bundle runs in a process of its own, on the Node and processor of this machine',
  async make(request, { account, region, functions }) {
    const properties = strictly(FunctionProperties, request);
    const name = properties.FunctionName ?? physicalName(request);
    const arn = `arn:aws:lambda:${region}:${account}:function:${name}`;
    const codeFolder = assetFolder(request, properties.Code);
    functions.set(arn, {
      arn,
      name,
      path: request.path,
      codeFolder,
      handler: await handlerOf(request, properties, codeFolder),
      timeoutSeconds: properties.Timeout,
      memoryMiB: properties.MemorySize,
      environment: properties.Environment.Variables,
    });
    return { ref: name, attributes: { Arn: arn } };
  },
};

/** The asset is named by its hash: in the key of a zip file, or as the tag of an image. */
function assetFolder(
  { assets, path }: ResourceRequest,
  code: { S3Key: string } | { ImageUri: string },
): string {
  const name = 'S3Key' in code ? code.S3Key.replace(/\.zip$/, '') : code.ImageUri.split(':').at(-1);
  const folder = assets.get(name ?? '');
  if (!folder) throw new TemplateError(`${path}: the assembly holds no asset ${name}: synthesise it again`);
  return folder;
}

/** A zip function names its handler; an image names it in its Dockerfile's CMD unless the template overrides it. */
async function handlerOf(
  { path }: ResourceRequest,
  { Handler, PackageType, ImageConfig }: z.output<typeof FunctionProperties>,
  codeFolder: string,
): Promise<string> {
  const command = ImageConfig?.Command?.[0];
  if (PackageType === 'Zip') {
    if (!Handler) throw new TemplateError(`${path}: a zip function needs a Handler`);
    return Handler;
  }
  if (command) return command;
  const dockerfile = await readFile(join(codeFolder, 'Dockerfile'), 'utf8');
  const cmd = /^CMD\s+\[\s*"([^"]+)"\s*\]/m.exec(dockerfile)?.[1];
  if (!cmd) throw new TemplateError(`${path}: the image's Dockerfile has no CMD ["<file>.<handler>"]`);
  return cmd;
}

const PermissionProperties = z.object({
  Action: z.literal('lambda:InvokeFunction'),
  FunctionName: z.string(),
  Principal: z.string(),
  SourceArn: z.string().optional(),
  ...withoutEffect('SourceAccount'),
});

/** Without a permission the scheduler does not invoke, as EventBridge would not. */
export const permissionProvider: Provider = {
  treatment: 'executed',
  note: 'the scheduler asks it before it invokes',
  make(request, { permissions, functions }) {
    const { FunctionName, Principal, SourceArn } = strictly(PermissionProperties, request);
    const fn = [...functions.values()].find(({ arn, name }) => arn === FunctionName || name === FunctionName);
    if (!fn) throw new TemplateError(`${request.path}: there is no function ${FunctionName}`);
    const granted = permissions.get(fn.arn) ?? [];
    permissions.set(fn.arn, [...granted, { principal: Principal, sourceArn: SourceArn }]);
    return Promise.resolve({ ref: physicalName(request) });
  },
};

const InvokeConfig = z.object({
  FunctionName: z.string(),
  MaximumRetryAttempts: z.number().int().min(0).max(2).default(2),
  DestinationConfig: z
    .object({
      OnFailure: z.object({ Destination: z.string() }).optional(),
      // Only a rule that starts a task listens to it, and no container runs here.
      OnSuccess: z.object({ Destination: z.string() }).optional(),
    })
    .default({}),
  ...withoutEffect('MaximumEventAgeInSeconds', 'Qualifier'),
});

export const invokeConfigProvider: Provider = {
  treatment: 'executed',
  note: 'the scheduler retries by it and sends final failures to its destination, without the minutes of delay',
  make(request, { functions, invokeConfigs }) {
    const { FunctionName, MaximumRetryAttempts, DestinationConfig } = strictly(InvokeConfig, request);
    const fn = [...functions.values()].find(({ arn, name }) => arn === FunctionName || name === FunctionName);
    if (!fn) throw new TemplateError(`${request.path}: there is no function ${FunctionName}`);
    invokeConfigs.set(fn.arn, {
      maximumRetryAttempts: MaximumRetryAttempts,
      onFailure: DestinationConfig.OnFailure?.Destination,
    });
    return Promise.resolve({ ref: physicalName(request) });
  },
};
