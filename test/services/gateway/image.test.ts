import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
  readFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const gateway = join(__dirname, '../../../services/gateway');

describe('the image', () => {
  const instructions = readFileSync(join(gateway, 'Dockerfile'), 'utf8').replace(/\\\n/g, ' ').split('\n');
  const lastStage = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM')));

  test('is made of bases that are pinned by digest, and all by the same', () => {
    const bases = instructions
      .filter((line) => /^FROM (?!scratch)/.test(line))
      .map((line) => line.split(' ')[1]);
    expect(new Set(bases).size).toBe(1);
    expect(bases[0]).toMatch(/:\d+\.\d+\.\d+-bookworm-slim@sha256:[0-9a-f]{64}$/);
  });

  test('holds the Node that it is measured on', () => {
    const { scripts } = JSON.parse(readFileSync(join(gateway, '../../package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const [, version] = /node:(\d+\.\d+\.\d+)-/.exec(instructions.join('\n')) ?? [];
    expect(version).toBeDefined();
    expect(scripts['bench:gateway']).toContain(`--package node@${version} `);
  });

  test('runs as nobody in particular, has nothing that installs, and knows whether it is well', () => {
    expect(lastStage).toContain('USER 1000:1000');
    expect(lastStage.filter((line) => /\b(npm (ci|install|run)|apt-get|curl)\b/.test(line))).toEqual([]);
    expect(lastStage.find((line) => line.startsWith('RUN rm -rf'))).toMatch(/npm .*npx .*corepack .*yarn/);
    expect(lastStage.find((line) => line.startsWith('HEALTHCHECK'))).toContain(
      '["node", "/app/healthcheck.js"]',
    );
    expect(lastStage.filter((line) => line.startsWith('COPY'))).toEqual([
      'COPY --from=build /build/services/gateway/dist ./',
    ]);
  });
});

describe('the packages that are copied', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'golive-packages-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (path: string, content: string | object): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content));
  };
  const install = (
    path: string,
    manifest: object,
    code = 'module.exports = require("./package.json").version;',
  ): void => {
    const name = path.split('node_modules/').at(-1);
    write(`${path}/package.json`, { name, version: '1.0.0', ...manifest });
    write(`${path}/index.js`, code);
  };
  /** The script is an ES module, which jest does not load. */
  const copy = (externals: object[]): string =>
    String(
      execFileSync(
        process.execPath,
        [
          '--input-type=module',
          '-e',
          `import { copyPackages } from ${JSON.stringify(join(gateway, 'scripts', 'packages.mjs'))};
           console.log(JSON.stringify(await copyPackages(${JSON.stringify(externals)}, ${JSON.stringify(join(folder, 'app/node_modules'))})))`,
        ],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      ),
    );
  const all = [{ name: 'a', from: '' }];
  const from = () => all.map(({ name }) => ({ name, from: join(folder, 'checkout/src') }));

  beforeEach(() => {
    mkdirSync(join(folder, 'checkout/src'), { recursive: true });
    install(
      'checkout/node_modules/a',
      {
        dependencies: { b: '1', '@s/c': '1' },
        peerDependencies: { cli: '1', b: '1' },
        peerDependenciesMeta: { cli: { optional: true } },
        optionalDependencies: { missing: '1' },
        devDependencies: { tool: '1' },
      },
      'module.exports = { b: require("b"), c: require("@s/c") };',
    );
    install(
      'checkout/node_modules/b',
      { version: '2.0.0', dependencies: { '@s/c': '1' } },
      'module.exports = require("@s/c");',
    );
    install('checkout/node_modules/b/node_modules/@s/c', { version: '9.0.0' });
    install('checkout/node_modules/@s/c', {});
    install('checkout/node_modules/cli', {});
    install('checkout/node_modules/tool', {});
    write('checkout/node_modules/a/index.js.map', '{}');
    write('checkout/node_modules/a/index.d.ts', '');
    write('checkout/node_modules/a/test/index.js', '');
    write('checkout/node_modules/a/lib/test/index.js', '');
  });

  test('are those that are needed, each in its own version, wherever the folder is moved to', () => {
    expect(JSON.parse(copy(from()))).toMatchObject({ packages: 4 });
    renameSync(join(folder, 'app'), join(folder, 'moved'));
    rmSync(join(folder, 'checkout'), { recursive: true });
    const loaded = execFileSync(process.execPath, ['-p', 'JSON.stringify(require("a"))'], {
      cwd: join(folder, 'moved'),
    });
    expect(JSON.parse(String(loaded))).toEqual({ b: '9.0.0', c: '1.0.0' });
    const names = readdirSync(join(folder, 'moved/node_modules/.packages'));
    expect(names.filter((name) => /^(cli|tool)@/.test(name))).toEqual([]);
  });

  test('hold what runs, and no maps, types or tests', () => {
    copy(from());
    const a = join(folder, 'app/node_modules/a');
    expect(
      ['index.js', 'lib/test/index.js', 'index.d.ts', 'index.js.map', 'test'].filter((path) =>
        existsSync(join(a, path)),
      ),
    ).toEqual(['index.js', 'lib/test/index.js']);
  });

  test('are all there, or nothing is made', () => {
    rmSync(join(folder, 'checkout/node_modules/@s'), { recursive: true });
    expect(() => copy(from())).toThrow(/needs @s\/c, which is not installed; run npm ci/);
  });

  test('are not two versions of one that the bundle itself loads', () => {
    install('checkout/other/node_modules/b', { version: '3.0.0' });
    const two = ['checkout/src', 'checkout/other'].map((path) => ({ name: 'b', from: join(folder, path) }));
    expect(() => copy(two)).toThrow(/two versions of b are loaded by one bundle/);
  });
});
