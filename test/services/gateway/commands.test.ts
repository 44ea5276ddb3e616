import { readCommand, UsageError } from '../../../services/gateway/src/commands/read-command';
import { reportFailure } from '../../../services/gateway/src/commands/report-failure';
import { UserRefusedError } from '../../../services/gateway/src/users/save-user';

test.each([
  [[], { name: 'serve' }],
  [['serve'], { name: 'serve' }],
  [['migrate'], { name: 'migrate' }],
  [
    ['create-user', '--email', 'a@b.c', '--name', 'A'],
    { name: 'create-user', email: 'a@b.c', displayName: 'A' },
  ],
])('%j is a command', (args, command) => {
  expect(readCommand(args)).toEqual(command);
});

test.each([
  [['destroy']],
  [['migrate', 'now']],
  [['migrate', '--email', 'a@b.c']],
  [['create-user']],
  [['create-user', '--email', 'a@b.c']],
  [['create-user', '--email', 'a@b.c', '--name', 'A', '--password', 'visible to all']],
])('%j is none, and it is said how to call it', (args) => {
  const read = () => readCommand(args);
  expect(read).toThrow(UsageError);
  expect(read).toThrow(/use: main\.js/);
});

test('a failure that was foreseen is a code and a sentence; another comes with all that is known', () => {
  const lines: [object, string][] = [];
  const log = { error: (...line: [object, string]) => void lines.push(line) } as never;
  reportFailure(log, 'create-user', new UserRefusedError('no address; give one'));
  const unforeseen = new TypeError('x');
  reportFailure(log, 'serve', unforeseen);
  expect(lines).toEqual([
    [
      { command: 'create-user', code: 'UserRefusedError' },
      'create-user failed: UserRefusedError: no address; give one',
    ],
    [{ command: 'serve', err: unforeseen }, 'serve failed: TypeError: x'],
  ]);
});
