import { PassThrough } from 'node:stream';
import { main } from '../../cli/main';

/** Runs the command line in this process, with no terminal and an empty environment. */
export function golive(...args: string[]) {
  return goliveWith({}, ...args);
}

/** The same with these environment variables. */
export async function goliveWith(env: NodeJS.ProcessEnv, ...args: string[]) {
  const written = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof written) => {
    const sink = new PassThrough();
    sink.on('data', (chunk: Buffer) => (written[name] += chunk.toString()));
    return sink as unknown as NodeJS.WriteStream;
  };
  const exitCode = await main(args, {
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    stdin: new PassThrough() as unknown as NodeJS.ReadStream,
    env,
  });
  return { exitCode, ...written };
}
