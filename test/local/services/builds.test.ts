import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServiceBuildError, ServiceBuilds } from '../../../local/services/builds';
import { planOf } from '../../../local/services/plan';
import type { ContainerDefinition, TaskDefinition } from '../../../local/services/definition';
import { Supervisor } from '../../../local/supervisor';
import { isAlive, until } from '../../support/processes';

/** A project with one service, whose build is what a test says. */
describe('the build of a service', () => {
  let project: string;
  let supervisor: Supervisor;
  let builds: ServiceBuilds;
  const dockerfile = () => join(project, 'services/gateway/Dockerfile');
  beforeEach(() => {
    project = mkdtempSync(join(tmpdir(), 'golive-test-project-'));
    mkdirSync(join(project, 'services/gateway/scripts'), { recursive: true });
    writeDockerfile('/build/services/gateway/dist');
    supervisor = Supervisor.start();
    builds = new ServiceBuilds(project, supervisor);
  });
  afterEach(async () => {
    await supervisor.stop();
    rmSync(project, { recursive: true, force: true });
  });

  const writeDockerfile = (content: string) =>
    writeFileSync(
      dockerfile(),
      `FROM node\nENV NODE_ENV=production\nWORKDIR /app\nCOPY --from=build ${content} ./\nCMD ["node", "/app/main.js"]\n`,
    );
  const script = (javascript: string) =>
    writeFileSync(join(project, 'services/gateway/scripts/build.mjs'), javascript);
  const MAKES = `
    import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
    const into = process.argv.at(-1);
    appendFileSync(import.meta.dirname + '/../../../builds', process.argv.slice(2, -1).join(' ') + '\\n');
    mkdirSync(into);
    writeFileSync(into + '/main.js', 'built');`;

  test('one that fails is an error that shows what it said', async () => {
    script(`console.error('main.ts: no such export'); process.exit(1);`);
    const building = builds.image(dockerfile());
    await expect(building).rejects.toThrow(ServiceBuildError);
    await expect(building).rejects.toThrow(/npm run build -w services\/gateway[^]*main\.ts: no such export/);
  });

  test('is what the image’s own build makes, and once for all platforms', async () => {
    script(MAKES);
    const [image, again] = await Promise.all([builds.image(dockerfile()), builds.image(dockerfile())]);
    expect(again).toBe(image);
    expect(readFileSync(join(image.folder, 'main.js'), 'utf8')).toBe('built');
    expect(image).toMatchObject({
      workingDirectory: '/app',
      command: ['node', '/app/main.js'],
      environment: { NODE_ENV: 'production' },
    });
    expect(readFileSync(join(project, 'builds'), 'utf8')).toBe('--release --into\n');
    const next = await new ServiceBuilds(project, supervisor).image(dockerfile());
    expect(next.folder).toBe(image.folder);
    expect(readFileSync(join(project, 'builds'), 'utf8')).toBe('--release --into\n');
  });

  test('an image that takes something else than the build makes is refused', async () => {
    script(MAKES);
    writeDockerfile('/build/other');
    await expect(builds.image(dockerfile())).rejects.toThrow(/\/build\/other, which is not what/);
  });

  test('one that is going on ends with the supervisor', async () => {
    script(`import { writeFileSync } from 'node:fs';
      writeFileSync(import.meta.dirname + '/pid', String(process.pid)); setInterval(() => {}, 1000);`);
    const building = builds.image(dockerfile()).catch((error: unknown) => error);
    const file = join(project, 'services/gateway/scripts/pid');
    await until(() => existsSync(file) && readFileSync(file, 'utf8') !== '');
    const pid = Number(readFileSync(file, 'utf8'));
    await supervisor.stop();
    await until(() => !isAlive(pid));
    expect(await building).toBeInstanceOf(ServiceBuildError);
  });

  describe('and what a task of it runs', () => {
    const container = (change: Partial<ContainerDefinition>): ContainerDefinition => ({
      Name: 'gateway',
      Image: 'registry/gateway:hash',
      Essential: true,
      Environment: [],
      PortMappings: [],
      Secrets: [],
      ...change,
    });
    const plan = (...containers: ContainerDefinition[]) => {
      script(MAKES);
      const definition: TaskDefinition = {
        arn: 'arn',
        path: 'local/Services/Gateway/Definition',
        containers,
        dockerfiles: new Map([['hash', dockerfile()]]),
      };
      return planOf(definition, builds);
    };

    test('is its one essential container; sidecars are not run', async () => {
      const collector = container({ Name: 'collector', Image: 'public/collector:1', Essential: false });
      expect(await plan(collector, container({}))).toMatchObject({ name: 'gateway' });
    });

    test.each([
      ['no essential container', [container({ Essential: false })], /no container is essential/],
      ['two of them', [container({}), container({ Name: 'other' })], /more than one container/],
      ['an image of somebody else', [container({ Image: 'public/nginx:1' })], /public\/nginx:1 is not built/],
      ['injected secrets', [container({ Secrets: [{ Name: 'PASSWORD' }] })], /secrets are injected/],
    ])('%s: refused, and not run half', async (_, containers, message) => {
      await expect(plan(...containers)).rejects.toThrow(message);
    });
  });
});
