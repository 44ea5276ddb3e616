import * as z from 'zod';
import { UnreadableTemplateError } from './errors';

/** Any value of a template. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

export type ValueMap = { readonly [key: string]: Value };

const Properties = z.record(z.string(), z.json());

const Resource = z.object({
  Type: z.string(),
  Properties: Properties.default({}),
  DeletionPolicy: z.string().optional(),
  UpdateReplacePolicy: z.string().optional(),
  Condition: z.string().optional(),
  Metadata: Properties.default({}),
});

const Parameter = z.object({
  Type: z.string(),
  Default: z.json().optional(),
  NoEcho: z.union([z.boolean(), z.string()]).optional(),
});

const Output = z.object({
  Value: z.json(),
  Export: z.object({ Name: z.json() }).optional(),
});

/** The parts of a CloudFormation template that decide what becomes of resources. */
export const Template = z.object({
  Resources: z.record(z.string(), Resource).default({}),
  Parameters: z.record(z.string(), Parameter).default({}),
  Conditions: z.record(z.string(), z.json()).default({}),
  Mappings: z.record(z.string(), z.record(z.string(), Properties)).default({}),
  Outputs: z.record(z.string(), Output).default({}),
});

export type Template = z.output<typeof Template>;
export type TemplateResource = z.output<typeof Resource>;

/**
 * Reads a template as CloudFormation gives it and as the CDK writes it: JSON, parsed or not.
 *
 * @param name of the stack, for the error
 * @throws UnreadableTemplateError
 */
export function parseTemplate(name: string, body: unknown): Template {
  const read = Template.safeParse(typeof body === 'string' ? parseJson(name, body) : body);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new UnreadableTemplateError(
    `the template of ${name} is none: ${issue?.path.join('.')}: ${issue?.message}; look at it in the CloudFormation console`,
  );
}

function parseJson(name: string, body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new UnreadableTemplateError(
      `the template of ${name} is not JSON, so the CDK did not deploy it: look who did before comparing`,
      { cause },
    );
  }
}

/** Where the CDK says a resource comes from, without what it repeats: `prod/Database/Postgres/Instance`. */
export function constructPath({ Metadata }: TemplateResource): string | undefined {
  const path = Metadata['aws:cdk:path'];
  return typeof path === 'string' ? path.replace(/\/(Resource|Default)$/, '') : undefined;
}

/** Whether a value is an object of JSON, and so may be an intrinsic function. */
export function isMap(value: Value | undefined): value is ValueMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `['Fn::Join', [ … ]]` for an intrinsic function or a `Ref`; undefined for any other value. */
export function intrinsicOf(value: Value | undefined): readonly [name: string, argument: Value] | undefined {
  if (!isMap(value)) return undefined;
  const [entry, ...more] = Object.entries(value);
  return entry && more.length === 0 && (entry[0] === 'Ref' || entry[0].startsWith('Fn::'))
    ? entry
    : undefined;
}

/** A list as it is, one value as a list of one, nothing as none. */
export function asList(value: Value | undefined): readonly Value[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly Value[]) : [value];
}
