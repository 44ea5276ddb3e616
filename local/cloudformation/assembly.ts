import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { GoLiveError } from '../../core/shared/errors';
import type { Supervisor } from '../supervisor';

export class AssemblyError extends GoLiveError {
  readonly code = 'AssemblyError';
}

const Resource = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DependsOn: z.union([z.string().transform((one) => [one]), z.array(z.string())]).default([]),
  Condition: z.string().optional(),
  Metadata: z.record(z.string(), z.unknown()).default({}),
});

const Template = z.object({
  Resources: z.record(z.string(), Resource).default({}),
  Outputs: z
    .record(
      z.string(),
      z.object({
        Value: z.unknown(),
        Export: z.object({ Name: z.unknown() }).optional(),
        Condition: z.string().optional(),
      }),
    )
    .default({}),
  Mappings: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown()))).default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Parameters: z
    .record(z.string(), z.object({ Type: z.string(), Default: z.unknown().optional() }))
    .default({}),
});

export type TemplateResource = z.output<typeof Resource>;
export type Template = z.output<typeof Template>;

/** A stack of the assembly: its template and where its assets lie on this machine. */
export interface AssembledStack {
  /** The stack's name in CloudFormation, such as `local-Backup`. */
  readonly name: string;
  readonly template: Template;
  /** Asset folders by the hash that templates name them by. */
  readonly assets: ReadonlyMap<string, string>;
  /** The Dockerfiles of those that are images, by the same hash. */
  readonly dockerfiles: ReadonlyMap<string, string>;
}

const AssemblyManifest = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      dependencies: z.array(z.string()).default([]),
      properties: z.record(z.string(), z.unknown()).default({}),
    }),
  ),
});

const AssetManifest = z.object({
  files: z.record(z.string(), z.object({ source: z.object({ path: z.string() }) })).default({}),
  dockerImages: z
    .record(
      z.string(),
      z.object({ source: z.object({ directory: z.string(), dockerFile: z.string().default('Dockerfile') }) }),
    )
    .default({}),
});

/**
 * Runs the project's own app, as cdk.json names it, for one environment, and without the CDK's command line:
 * what it writes is what `cdk synth` would write.
 *
 * @param project the checkout's root
 * @param folder where the assembly goes
 * @param supervisor ends the app, and what it starts, when this process goes
 */
export async function synthesise(
  project: string,
  environment: string,
  folder: string,
  supervisor: Supervisor,
): Promise<void> {
  const settings = z
    .object({ app: z.string(), context: z.record(z.string(), z.unknown()).default({}) })
    .parse(JSON.parse(await readFile(join(project, 'cdk.json'), 'utf8')));
  const [command, ...args] = settings.app.split(' ');
  if (!command) throw new AssemblyError('cdk.json names no app: give it one');
  // The construct paths name the resources in reports; the CDK's command line asks for them likewise.
  const context = { ...settings.context, environments: environment, 'aws:cdk:enable-path-metadata': true };
  // The app's asset folders lie in the supervisor's folder, so that they too go when the app is killed.
  const scratch = join(folder, 'scratch');
  await mkdir(scratch, { recursive: true });
  const logFile = join(scratch, 'synthesis.log');
  const { code } = await supervisor.run({
    name: 'synthesis',
    command: join(project, 'node_modules', '.bin', command),
    args,
    cwd: project,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? folder,
      TMPDIR: scratch,
      CDK_OUTDIR: folder,
      CDK_CONTEXT_JSON: JSON.stringify(context),
    },
    logFile,
    stopSignal: 'SIGKILL',
  });
  if (code === 0) return;
  const log = await readFile(logFile, 'utf8');
  throw new AssemblyError(
    `synthesis of ${environment} failed; run "npx cdk synth" to see why:\n${log.trim()}`,
  );
}

/** Reads the stacks of one environment, in the order in which they are deployed. */
export async function readAssembly(folder: string, environment: string): Promise<AssembledStack[]> {
  const root = await readJson(join(folder, 'manifest.json'), AssemblyManifest);
  const stage = Object.values(root.artifacts).find(
    ({ type, properties }) => type === 'cdk:cloud-assembly' && properties['displayName'] === environment,
  );
  if (!stage)
    throw new AssemblyError(`the assembly in ${folder} has no environment ${environment}: synthesise it`);
  const stageFolder = join(folder, String(stage.properties['directoryName']));
  const { artifacts } = await readJson(join(stageFolder, 'manifest.json'), AssemblyManifest);
  const assets = new Map<string, string>();
  const dockerfiles = new Map<string, string>();
  for (const { type, properties } of Object.values(artifacts)) {
    if (type !== 'cdk:asset-manifest') continue;
    const manifest = await readJson(join(stageFolder, String(properties['file'])), AssetManifest);
    for (const [hash, { source }] of Object.entries(manifest.files))
      assets.set(hash, resolve(stageFolder, source.path));
    for (const [hash, { source }] of Object.entries(manifest.dockerImages)) {
      assets.set(hash, resolve(stageFolder, source.directory));
      dockerfiles.set(hash, resolve(stageFolder, source.directory, source.dockerFile));
    }
  }
  const order: string[] = [];
  const visit = (id: string): void => {
    const artifact = artifacts[id];
    if (!artifact || artifact.type !== 'aws:cloudformation:stack' || order.includes(id)) return;
    artifact.dependencies.forEach(visit);
    order.push(id);
  };
  Object.keys(artifacts).forEach(visit);
  return await Promise.all(
    order.map(async (id) => {
      const properties = artifacts[id]?.properties ?? {};
      return {
        name: typeof properties['stackName'] === 'string' ? properties['stackName'] : id,
        template: await readJson(join(stageFolder, String(properties['templateFile'])), Template),
        assets,
        dockerfiles,
      };
    }),
  );
}

async function readJson<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new AssemblyError(`${path} could not be read: synthesise again`, { cause: error });
  });
  return schema.parse(JSON.parse(text));
}
