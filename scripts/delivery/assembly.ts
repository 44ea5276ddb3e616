import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as z from 'zod';
import type { AssemblyStack } from '../../core/delivery/deployed';
import { UnreadableTemplateError } from '../../core/delivery/errors';
import { parseTemplate } from '../../core/delivery/template';
import { jsonOrUndefined } from '../../core/shared/json';

/** A file beside the manifest. An assembly may come from a pull request, and names no other place. */
const FileName = z
  .string()
  .refine((name) => name === basename(name) && !name.startsWith('.'), 'a name, with no folder in it');

const Manifest = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      environment: z.string().optional(),
      displayName: z.string().optional(),
      dependencies: z.array(z.string()).default([]),
      properties: z.record(z.string(), z.unknown()).default({}),
    }),
  ),
});

type Artifacts = z.output<typeof Manifest>['artifacts'];

const StageProperties = z.object({ displayName: z.string(), directoryName: FileName });
const StackProperties = z.object({
  templateFile: FileName,
  stackName: z.string(),
  terminationProtection: z.boolean().default(false),
});

/** The environments of a synthesised assembly, by name, each with its folder. */
export function environmentsOf(assembly: string): Map<string, string> {
  return new Map(
    Object.values(readManifest(assembly))
      .filter(({ type }) => type === 'cdk:cloud-assembly')
      .map(({ properties }) => parse(StageProperties, properties, assembly))
      .map(({ displayName, directoryName }) => [displayName, join(assembly, directoryName)]),
  );
}

/**
 * The stacks of an environment, in the order in which they are deployed.
 *
 * @throws UnreadableTemplateError
 */
export function readStacks(assembly: string, environment: string): AssemblyStack[] {
  const folder = environmentsOf(assembly).get(environment);
  if (folder === undefined)
    throw new UnreadableTemplateError(`${assembly} has no environment ${environment}: synthesise it`);
  const artifacts = readManifest(folder);
  return inOrder(artifacts).map((id): AssemblyStack => {
    const { properties, environment: place = '', displayName } = artifacts[id] as Artifacts[string];
    const [, account = '', region = ''] = /^aws:\/\/(\d{12})\/([a-z0-9-]+)$/.exec(place) ?? [];
    const { templateFile, stackName, terminationProtection } = parse(StackProperties, properties, folder);
    if (account === '')
      throw new UnreadableTemplateError(
        `${stackName} says ${place || 'nothing'} for where it is deployed: give its stack an account and a region`,
      );
    return {
      id: displayName ?? stackName,
      name: stackName,
      account,
      region,
      terminationProtection,
      template: parseTemplate(stackName, read(join(folder, templateFile))),
    };
  });
}

/** Those that others need come before them. */
function inOrder(artifacts: Artifacts): string[] {
  const order: string[] = [];
  const visit = (id: string, above: readonly string[]): void => {
    const artifact = artifacts[id];
    if (artifact?.type !== 'aws:cloudformation:stack' || order.includes(id) || above.includes(id)) return;
    for (const dependency of artifact.dependencies) visit(dependency, [...above, id]);
    order.push(id);
  };
  for (const id of Object.keys(artifacts)) visit(id, []);
  return order;
}

function readManifest(folder: string): Artifacts {
  return parse(Manifest, jsonOrUndefined(read(join(folder, 'manifest.json'))), folder).artifacts;
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, folder: string): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UnreadableTemplateError(
    `the assembly in ${folder} is not as expected: ${issue?.path.join('.')}: ${issue?.message}; synthesise it again`,
  );
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UnreadableTemplateError(`${path} could not be read: synthesise again`, { cause });
  }
}
