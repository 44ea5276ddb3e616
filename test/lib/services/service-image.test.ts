import type { App } from 'aws-cdk-lib';
import { Stack } from 'aws-cdk-lib';
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PROJECT_ROOT } from '../../../lib/shared/bundle';
import { SERVICE_NAMES, ServiceImage, type ServiceName } from '../../../lib/services/service-image';
import { makeApp } from '../support/synthesis';

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A project of these files. */
function projectOf(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'golive-image-'));
  folders.push(root);
  for (const [path, text] of Object.entries(files)) write(root, path, text);
  return root;
}

function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function imageIn(root: string, service: ServiceName, app: App = makeApp()): ServiceImage {
  return new ServiceImage(new Stack(app, `Stack-${service}`), 'Image', { service, root });
}

const DOCKERFILES = {
  'services/gateway/Dockerfile': 'FROM scratch',
  'services/frontend/Dockerfile': 'FROM scratch',
};
const PROJECT = {
  ...DOCKERFILES,
  '.dockerignore': '# what is built\n*\n!core\n!services\n**/node_modules\n**/dist\n',
  'core/one.ts': 'export const one = 1;',
  'services/gateway/package.json': '{}',
  'services/gateway/src/main.ts': 'start();',
  'services/frontend/package.json': '{}',
  'services/frontend/src/main.ts': 'start();',
};

describe('an image is refused', () => {
  test('without a Dockerfile', () => {
    const root = projectOf({ '.dockerignore': '*' });

    expect(() => imageIn(root, 'gateway')).toThrow(/no services\/gateway\/Dockerfile/);
  });

  test.each([
    ['nothing is left out', DOCKERFILES],
    ['only what is named is left out', { ...DOCKERFILES, '.dockerignore': '# all\nnode_modules\n' }],
  ])('when its context is everything that lies about: %s', (_what, files) => {
    expect(() => imageIn(projectOf(files), 'gateway')).toThrow(/\.dockerignore must begin with "\*"/);
  });
});

describe('the version of an image', () => {
  const version = (root: string, service: ServiceName = 'gateway') => imageIn(root, service).version;

  test('is the same wherever the project lies, and whatever a build has left in it', () => {
    const root = projectOf(PROJECT);
    const before = version(root);
    const elsewhere = projectOf({});
    cpSync(root, elsewhere, { recursive: true });
    write(elsewhere, 'services/gateway/node_modules/left/index.js', 'left');
    write(elsewhere, 'services/gateway/dist/main.js', 'built');
    write(elsewhere, 'coverage/lcov.info', 'left');
    write(elsewhere, '.env', 'SECRET=1');

    expect(version(elsewhere)).toBe(before);
  });

  test('changes with what it is built from, and not with the other service', () => {
    const root = projectOf(PROJECT);
    const before = SERVICE_NAMES.map((name) => version(root, name));
    write(root, 'services/frontend/src/main.ts', 'start(anew);');
    const after = SERVICE_NAMES.map((name) => version(root, name));

    expect(after[0]).toBe(before[0]);
    expect(after[1]).not.toBe(before[1]);
    write(root, 'core/one.ts', 'export const one = 2;');
    expect(version(root)).not.toBe(before[0]);
  });
});

describe.each(SERVICE_NAMES)('the context of the %s', (service) => {
  let files: string[];

  beforeAll(() => {
    const app = makeApp();
    imageIn(PROJECT_ROOT, service, app);
    const asset = readdirSync(app.outdir).find((name) => name.startsWith('asset.')) ?? '';
    files = readdirSync(join(app.outdir, asset), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(app.outdir, asset).length + 1));
  });

  test('is what git knows, or would know: no installed package, nothing built, nothing secret', () => {
    const known = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
      cwd: PROJECT_ROOT,
      encoding: 'utf8',
      maxBuffer: 16 * 1024 * 1024,
    }).stdout.split('\n');

    expect(files.length).toBeGreaterThan(50);
    expect(files.filter((file) => !known.includes(file))).toEqual([]);
  });

  test('has everything that the service imports', async () => {
    const sources = readdirSync(join(PROJECT_ROOT, 'services'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /(?<!\.d)\.tsx?$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name).slice(PROJECT_ROOT.length + 1))
      .filter((path) => new RegExp(`^services/(${service}|observability)/`).test(path))
      .filter((path) => !/\/(node_modules|generated|dist|\.next)\//.test(path));
    const { metafile } = await build({
      entryPoints: sources,
      absWorkingDir: PROJECT_ROOT,
      bundle: true,
      write: false,
      metafile: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      jsx: 'automatic',
      outdir: 'nowhere',
      loader: { '.css': 'empty' },
      logLevel: 'silent',
    });
    const imported = Object.keys(metafile.inputs).filter((path) => !/\/generated\//.test(path));

    expect(imported.length).toBeGreaterThan(10);
    expect(imported.filter((path) => !files.includes(path))).toEqual([]);
  });
});
