import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';

const Scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const Duration = z.string().regex(/^(\d+(h|m|s|ms))+$/);
const Limits = z.strictObject({
  cpus: z.string().optional(),
  memory: z.string().regex(/^\d+[KMG]$/),
  pids: z.int().optional(),
});

/**
 * A service as our files write one. Strict: a name that the Compose Specification does not know, such as a misspelt one,
 * is refused, as Compose refuses it. https://github.com/compose-spec/compose-spec/blob/main/spec.md
 */
const Service = z.strictObject({
  build: z.strictObject({ context: z.string(), dockerfile: z.string() }).optional(),
  cap_drop: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  depends_on: z
    .record(
      z.string(),
      z.strictObject({
        condition: z.enum(['service_started', 'service_healthy', 'service_completed_successfully']),
      }),
    )
    .default({}),
  deploy: z
    .strictObject({
      resources: z.strictObject({ limits: Limits, reservations: Limits.partial().optional() }),
    })
    .optional(),
  environment: z.record(z.string(), Scalar).default({}),
  healthcheck: z
    .strictObject({
      disable: z.boolean().optional(),
      interval: Duration.optional(),
      retries: z.int().optional(),
      start_period: Duration.optional(),
      test: z.tuple([z.literal('CMD')], z.string()).optional(),
      timeout: Duration.optional(),
    })
    .optional(),
  image: z.string(),
  init: z.boolean().optional(),
  logging: z.strictObject({ driver: z.string(), options: z.record(z.string(), z.string()) }).optional(),
  networks: z.array(z.string()).optional(),
  ports: z.array(z.string()).default([]),
  read_only: z.boolean().optional(),
  restart: z.string().optional(),
  security_opt: z.array(z.string()).optional(),
  shm_size: z.string().optional(),
  stop_grace_period: Duration.optional(),
  tmpfs: z.array(z.string()).optional(),
  user: z.string().optional(),
  volumes: z.array(z.string()).default([]),
});

const ComposeFile = z
  .looseObject({
    name: z.string(),
    services: z.record(z.string(), Service),
    networks: z.record(z.string(), z.strictObject({ internal: z.boolean() }).nullable()).default({}),
    volumes: z.record(z.string(), z.null()).default({}),
  })
  .refine(
    (file) => Object.keys(file).every((key) => /^(name|services|networks|volumes|x-.+)$/.test(key)),
    'holds something at its top that Compose does not know',
  );

export type ComposeFile = z.output<typeof ComposeFile>;
export type ComposeService = z.output<typeof Service>;

export const root = join(__dirname, '../..');

/**
 * A file as Compose would load it.
 *
 * @param given what the environment sets; a variable that is required and missing is an error, as there
 */
export function readCompose(name: string, given: Readonly<Record<string, string>> = {}): ComposeFile {
  return parseCompose(readFileSync(join(root, name), 'utf8'), given);
}

export function parseCompose(text: string, given: Readonly<Record<string, string>> = {}): ComposeFile {
  // Its own merge keys are YAML 1.1's.
  return ComposeFile.parse(interpolate(parse(text, { merge: true }) as unknown, given));
}

/** The variables of a file that must be set. */
export function requiredBy(name: string): string[] {
  const text = readFileSync(join(root, name), 'utf8');
  return [...new Set([...text.matchAll(/\$\{(\w+):\?/g)].map(([, variable]) => variable!))].sort();
}

function interpolate(value: unknown, given: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$\{(\w+):([-?])([^}]*)\}/g, (_, name: string, kind: string, text: string) => {
      if (given[name] !== undefined) return given[name];
      if (kind === '-') return text;
      throw new Error(`required variable ${name} is missing a value: ${text}`);
    });
  }
  if (Array.isArray(value)) return value.map((item) => interpolate(item, given));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, interpolate(item, given)]));
}
