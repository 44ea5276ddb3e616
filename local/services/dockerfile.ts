import { readFile } from 'node:fs/promises';
import { GoLiveError } from '../../core/shared/errors';

/** What a Dockerfile says of the image that it makes: its last stage. */
export interface ImageDescription {
  readonly workingDirectory: string;
  /** ENTRYPOINT and CMD. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** What is copied into the working directory, by its path in the stage that builds: `/build/services/gateway/dist`. */
  readonly content: string;
}

/** A Dockerfile says something that the local platform does not play. */
export class DockerfileError extends GoLiveError {
  readonly code = 'DockerfileError';
}

const Words = /^\[.*\]$/;

/** @throws DockerfileError */
export async function readDockerfile(file: string): Promise<ImageDescription> {
  return describe(await readFile(file, 'utf8'), file);
}

function describe(text: string, file: string): ImageDescription {
  const refuse = (what: string): never => {
    throw new DockerfileError(`${file}: ${what}, or teach local/services/dockerfile.ts`);
  };
  const instructions = text
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => /^(\w+)\s+(.*)$/.exec(line)?.slice(1) ?? refuse(`"${line}" is no instruction`));
  const lastStage = instructions.findLastIndex(([name]) => name?.toUpperCase() === 'FROM');
  const stage = instructions
    .slice(lastStage + 1)
    .map(([name, value]) => ({ name: name!.toUpperCase(), value: value! }));
  const valuesOf = (wanted: string) => stage.filter(({ name }) => name === wanted).map(({ value }) => value);
  const words = (wanted: string): string[] => {
    const value = valuesOf(wanted).at(-1);
    if (value === undefined) return [];
    if (!Words.test(value)) return refuse(`write ${wanted} as a list of words, ["node", "…"]`);
    return JSON.parse(value) as string[];
  };
  const workingDirectory = valuesOf('WORKDIR').at(-1) ?? refuse('name a WORKDIR in the last stage');
  const copied = valuesOf('COPY').map((value) => value.split(/\s+/));
  const content = copied.find(
    ([from, , to]) => from?.startsWith('--from=') && ['.', './', workingDirectory].includes(to ?? ''),
  )?.[1];
  return {
    workingDirectory,
    command: [...words('ENTRYPOINT'), ...words('CMD')],
    environment: Object.fromEntries(
      valuesOf('ENV').flatMap((value) =>
        [...value.matchAll(/(\w+)=("[^"]*"|\S+)/g)].map(([, name, set]) => [
          name!,
          set!.replace(/^"(.*)"$/, '$1'),
        ]),
      ),
    ),
    content: content ?? refuse(`let one COPY --from fill ${workingDirectory}`),
  };
}
