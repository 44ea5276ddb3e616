import { resolve } from 'node:path';
import { build } from 'esbuild';

const SOURCES = resolve(__dirname, '../../../services/observability/src');

/** Everything that a file makes a bundler load. */
async function loadedBy(entry: string): Promise<readonly string[]> {
  const { metafile } = await build({
    entryPoints: [resolve(SOURCES, entry)],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    packages: 'external',
    format: 'esm',
    logLevel: 'silent',
  });
  return Object.values(metafile.inputs).flatMap(({ imports }) => imports.map(({ path }) => path));
}

describe('what runs outside of Node, such as in Next.js’s edge runtime', () => {
  test.each(['errors.ts', 'spans.ts', 'options.ts'])(
    '%s needs nothing of Node and no package',
    async (entry) => {
      const foreign = (await loadedBy(entry)).filter((path) => !path.endsWith('.ts'));
      expect(foreign).toEqual([]);
    },
  );

  test('the same look finds what the whole kit needs', async () => {
    expect(await loadedBy('index.ts')).toEqual(
      expect.arrayContaining(['pino', 'node:async_hooks', '@opentelemetry/api']),
    );
  });
});
