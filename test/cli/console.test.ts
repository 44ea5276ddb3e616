import { PassThrough } from 'node:stream';
import { Console, type Streams } from '../../cli/console';
import type { AuditRecord } from '../../core/audit';

const RECORD = { action: 'backup.drill', outcome: 'succeeded', target: 'dump a/b' } as AuditRecord;

function consoleIn(env: NodeJS.ProcessEnv, json = false) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const streams = { stdout, stderr, stdin: new PassThrough(), env } as unknown as Streams;
  const text = (stream: PassThrough) => String((stream.read() as Buffer | null) ?? '');
  return { output: new Console(streams, json), said: () => ({ stdout: text(stdout), stderr: text(stderr) }) };
}

test('in a task an audit record goes to the log, too, as one line', async () => {
  const { output, said } = consoleIn({ GOLIVE_TASK: 'true' });
  for (const sink of output.auditSinks()) await sink.write(RECORD);
  const { stdout } = said();
  expect(stdout.trim().split('\n')).toHaveLength(1);
  expect(JSON.parse(stdout)).toEqual({ message: 'backup.drill succeeded: dump a/b', audit: RECORD });
});

test('on a person’s machine it does not', () => {
  expect(consoleIn({}).output.auditSinks()).toEqual([]);
});

test('in a task JSON is not mixed with what is being done; elsewhere a log file has one line for each stage', () => {
  const inTask = consoleIn({ GOLIVE_TASK: 'true' }, true);
  inTask.output.progress('restoring');
  expect(inTask.said()).toEqual({ stdout: '', stderr: '' });
  const elsewhere = consoleIn({}, true);
  elsewhere.output.progress('restoring');
  elsewhere.output.progress('restoring');
  expect(elsewhere.said()).toEqual({ stdout: '', stderr: 'restoring …\n' });
});
