import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { fillSampleDatabase } from './demo/sample-database';
import { startPlatform, type LocalPlatform } from './platform';
import type { LocalServices } from './services/run-services';
import { seedServices, type DemoUser } from './services/seed';

const HELP = `npm run local

The local environment on this machine, until Ctrl-C: the templates that would be deployed, on a real PostgreSQL, a real
cache server and an emulator of AWS's APIs, with a sample database, one snapshot and one dump of it; and the gateway and
the frontend as their images would run them, behind one address, with some projects and somebody to sign in as. It
prints the addresses, and what to set in another terminal, so that the golive command line finds it. Nothing is left
behind.
`;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h', default: false } } });
  if (values.help) return void process.stdout.write(HELP);
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const stopped = Promise.race((['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((name) => once(process, name)));
  // What runs are other processes: nothing else keeps this one.
  const alive = setInterval(() => undefined, 60_000);
  try {
    await run(say, stopped);
  } finally {
    clearInterval(alive);
  }
}

async function run(say: (line: string) => void, stopped: Promise<unknown>): Promise<void> {
  const platform = await startPlatform({ onProgress: say, services: 'later' });
  try {
    const isStopped = stopped.then(() => true);
    if (await Promise.race([isStopped, setUp(platform, say).then(() => false)])) return;
    say('\nrunning until Ctrl-C');
    await stopped;
  } finally {
    await platform.stop();
  }
}

async function setUp(platform: LocalPlatform, say: (line: string) => void): Promise<void> {
  say('filling the sample database');
  await fillSampleDatabase(platform.database, platform.database.master);
  say('taking a snapshot and a dump');
  for (const job of ['SnapshotJob', 'DumpJob']) await fire(platform, job);
  const services = await platform.deployServices();
  say('making a user and some projects');
  const user = await seedServices(services);
  process.stdout.write(`${addresses(services, user)}${settings(platform)}`);
}

async function fire(platform: LocalPlatform, job: string): Promise<void> {
  const last = (await platform.fire(job)).at(-1);
  if (!last || last.error)
    throw new Error(`${job} failed:\n${last?.logs.join('\n') ?? 'it was not invoked'}`);
}

/** For people. The password is of this run alone. */
function addresses({ origin, spans }: LocalServices, { email, password }: DemoUser): string {
  return `
# Web:        ${origin}
# API docs:   ${origin}/api/docs
# Sign in as: ${email}   ${password}
# Span sink:  ${spans.url}   (OTLP/HTTP, JSON)
`;
}

/** For a shell to read. The credentials open nothing but this emulator. */
function settings({ aws, database }: LocalPlatform): string {
  return `
# In another terminal:
export AWS_ENDPOINT_URL=${aws.endpoint} AWS_REGION=${aws.region}
export AWS_ACCESS_KEY_ID=${aws.credentials.accessKeyId} AWS_SECRET_ACCESS_KEY=${aws.credentials.secretAccessKey}
export GOLIVE_ENV=local GOLIVE_CA_FILE=${database.caFile} PATH="${database.binFolder}:$PATH"
npm run --silent golive -- backup list
`;
}

void main();
