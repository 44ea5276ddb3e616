import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { SourceMap } from 'node:module';
import { build } from 'esbuild';

const HELPER = resolve(__dirname, '../../../services/observability/build/debug-ids.mjs');

interface Built {
  readonly id: string;
  readonly code: string;
  readonly map: string;
}

/** Jest loads no ES module: the helper runs in a process of its own, as it does in a build. */
const RUN = `
  import { readFileSync, writeFileSync } from 'node:fs';
  const { debugIdOptions, withDebugId } = await import(process.argv[1]);
  const input = JSON.parse(readFileSync(0, 'utf8'));
  process.stdout.write(JSON.stringify(input.code === undefined ? debugIdOptions : withDebugId(input)));
`;

function helper<Result>(input: object): Result {
  const args = ['--input-type=module', '-e', RUN, HELPER];
  return JSON.parse(
    execFileSync(process.execPath, args, { input: JSON.stringify(input), encoding: 'utf8', stdio: 'pipe' }),
  ) as Result;
}

describe('source maps by debug id', () => {
  let folder: string;
  const source = `export function fail(): never {
  throw new Error('here');
}
try { fail(); } catch (error) { console.log(JSON.stringify({
  stack: (error as Error).stack,
  ids: (globalThis as { _sentryDebugIds?: object })._sentryDebugIds,
  sloppy: (function (this: unknown) { return this !== undefined; })(),
})); }
`;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'golive-debug-ids-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const bundle = async (text: string): Promise<Built> => {
    const file = join(folder, 'main.ts');
    writeFileSync(file, text);
    const { outputFiles } = await build({
      entryPoints: [file],
      absWorkingDir: folder,
      outfile: 'main.js',
      write: false,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      minify: true,
      sourcemap: 'external',
      logLevel: 'silent',
      ...helper<object>({}),
    });
    const textOf = (ending: string) => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
    return helper<Built>({ code: textOf('.js'), map: textOf('.map') });
  };

  test('code that was built without a place for it is refused, with what to do', () => {
    expect(() => helper({ code: 'console.log(1)', map: '{}' })).toThrow(/build it with debugIdOptions/);
  });

  test('the same sources give the same bytes, and other sources another id', async () => {
    const [first, again, other] = [
      await bundle(source),
      await bundle(source),
      await bundle(`${source}\nlet x = 1;void x;console.log(x)`),
    ];
    expect(again).toEqual(first);
    expect(other.id).not.toBe(first.id);
    expect(first.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test('code and map say the same id, and no place is left', async () => {
    const { id, code, map } = await bundle(source);
    expect(code).toContain(`//# debugId=${id}`);
    expect(JSON.parse(map)).toMatchObject({ debugId: id, debug_id: id });
    expect(code).not.toContain('dead-beef');
    expect(code).not.toContain('sourceMappingURL');
  });

  test('the code tells the SDK its id as it runs, stays strict, and the map still leads to the line', async () => {
    const { id, code, map } = await bundle(source);
    const file = join(folder, 'out.js');
    writeFileSync(file, code);
    const { stack, ids, sloppy } = JSON.parse(
      execFileSync(process.execPath, [file], { encoding: 'utf8' }),
    ) as {
      stack: string;
      ids: Record<string, string>;
      sloppy: boolean;
    };
    expect(Object.entries(ids)).toEqual([[expect.stringContaining(file), id]]);
    expect(sloppy).toBe(false);
    const [, line, column] = /out\.js:(\d+):(\d+)/.exec(stack) ?? [];
    const origin = new SourceMap(JSON.parse(map) as ConstructorParameters<typeof SourceMap>[0]).findEntry(
      Number(line) - 1,
      Number(column) - 1,
    );
    expect(origin).toMatchObject({
      originalSource: expect.stringContaining('main.ts') as string,
      originalLine: 1,
    });
    expect(readFileSync(file, 'utf8').split('\n')[0]).toContain('_sentryDebugIds');
  });
});
