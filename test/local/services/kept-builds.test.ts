import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keptBuild } from '../../../local/services/kept-builds';

describe('a build that is kept', () => {
  let project: string;
  let built: number;
  const cache = () => join(project, 'node_modules/.cache/golive/services');
  const source = () => join(project, 'services/gateway/main.ts');
  beforeEach(() => {
    project = mkdtempSync(join(tmpdir(), 'golive-test-kept-'));
    mkdirSync(join(project, 'services/gateway'), { recursive: true });
    writeFileSync(source(), 'one');
    built = 0;
  });
  afterEach(() => rmSync(project, { recursive: true, force: true }));

  const make = () => {
    built += 1;
    const made = mkdtempSync(join(project, 'made-'));
    writeFileSync(join(made, 'main.js'), readFileSync(source()));
    return Promise.resolve(made);
  };
  const wanted = (service = 'gateway', build: () => Promise<string> = make) =>
    keptBuild({ project, service, build });
  const contentOf = async (folder: Promise<string>) => readFileSync(join(await folder, 'main.js'), 'utf8');

  test('is made once, also when several want it at once', async () => {
    const [first, second] = await Promise.all([wanted(), wanted()]);
    expect(second).toBe(first);
    expect(await wanted()).toBe(first);
    expect(built).toBe(1);
    expect(readdirSync(cache())).toHaveLength(1);
  });

  test('is made again when a source has changed, and for another service', async () => {
    expect(await contentOf(wanted())).toBe('one');
    writeFileSync(source(), 'two');
    expect(await contentOf(wanted())).toBe('two');
    await wanted('frontend');
    expect(built).toBe(3);
  });

  test('does not depend on what builds and installations make', async () => {
    await wanted();
    for (const name of ['node_modules', 'dist', '.next']) {
      mkdirSync(join(project, 'services/gateway', name));
      writeFileSync(join(project, 'services/gateway', name, 'made.js'), '');
    }
    await wanted();
    expect(built).toBe(1);
  });

  test('that fails is not kept, and the next one is tried', async () => {
    await expect(wanted('gateway', () => Promise.reject(new Error('no such export')))).rejects.toThrow(
      'no such export',
    );
    expect(readdirSync(cache())).toEqual([]);
    expect(await contentOf(wanted())).toBe('one');
  });

  test('whose maker was killed is made by the next who wants it', async () => {
    const kept = await wanted();
    rmSync(kept, { recursive: true });
    writeFileSync(`${kept}.lock`, '999999999');
    expect(await contentOf(wanted())).toBe('one');
    expect(readdirSync(cache())).toHaveLength(1);
  });

  test('goes when nobody has wanted it for more than a day', async () => {
    const old = await wanted();
    const before = new Date(Date.now() - 25 * 3_600_000);
    utimesSync(old, before, before);
    writeFileSync(source(), 'two');
    await wanted();
    expect(existsSync(old)).toBe(false);
  });

  test('stays when somebody has wanted it since', async () => {
    const old = await wanted();
    const before = new Date(Date.now() - 25 * 3_600_000);
    utimesSync(old, before, before);
    await wanted();
    writeFileSync(source(), 'two');
    await wanted();
    expect(existsSync(old)).toBe(true);
  });

  test('is what was made where nothing can be kept', async () => {
    // A file where the folder would be: root, too, can make nothing there.
    mkdirSync(join(project, 'node_modules'));
    writeFileSync(join(project, 'node_modules/.cache'), '');
    expect(await contentOf(wanted())).toBe('one');
    expect(await contentOf(wanted())).toBe('one');
    expect(built).toBe(2);
  });

  test('of somebody else is used as it is', async () => {
    const kept = await wanted();
    chmodSync(kept, 0o555);
    chmodSync(cache(), 0o555);
    expect(await wanted()).toBe(kept);
    chmodSync(cache(), 0o755);
  });
});
