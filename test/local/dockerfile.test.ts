import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DockerfileError, readDockerfile } from '../../local/services/dockerfile';

describe('what a Dockerfile says of its image', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'golive-test-dockerfile-'))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const read = async (text: string) => {
    writeFileSync(join(folder, 'Dockerfile'), text);
    return await readDockerfile(join(folder, 'Dockerfile'));
  };

  test('it is what its last stage says', async () => {
    expect(
      await read(`# syntax=docker/dockerfile:1
FROM node AS build
WORKDIR /build
ENV NODE_ENV=development
RUN one && \\
    two
CMD ["nothing"]
FROM node
ENV NODE_ENV=production GREETING="good day"
ENV  LAST=1
WORKDIR /app
COPY --from=build /build/services/gateway/dist ./
COPY --from=build /build/LICENSE /licences/
ENTRYPOINT ["node", "/app/main.js"]
CMD ["serve"]
`),
    ).toEqual({
      workingDirectory: '/app',
      command: ['node', '/app/main.js', 'serve'],
      environment: { NODE_ENV: 'production', GREETING: 'good day', LAST: '1' },
      content: '/build/services/gateway/dist',
    });
  });

  test.each([
    [
      'a command for a shell',
      'FROM node\nWORKDIR /app\nCOPY --from=build /dist .\nCMD node main.js',
      /CMD as a list/,
    ],
    ['no folder', 'FROM node\nCMD ["node"]', /WORKDIR/],
    ['nothing in its folder', 'FROM node\nWORKDIR /app\nCOPY . .\nCMD ["node"]', /COPY --from/],
  ])('%s is refused', async (_, text, message) => {
    const refused = read(text);
    await expect(refused).rejects.toThrow(DockerfileError);
    await expect(refused).rejects.toThrow(message);
  });

  test.each(['gateway', 'frontend'])(
    'that of the %s can be played: it runs node, in production',
    async (service) => {
      const file = resolve(__dirname, '../../services', service, 'Dockerfile');
      const { command, environment } = await readDockerfile(file);
      expect(command[0]).toBe('node');
      expect(environment).toMatchObject({ NODE_ENV: 'production' });
    },
  );
});
