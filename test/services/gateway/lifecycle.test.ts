import { Lifecycle, type LifecycleOptions } from '../../../services/gateway/src/lifecycle/lifecycle';

function begin(options: Partial<LifecycleOptions> = {}) {
  const done: string[] = [];
  const logged: string[] = [];
  let ended!: (code: number) => void;
  const exited = new Promise<number>((resolve) => (ended = resolve));
  const note = (_: object, message: string): void => void logged.push(message);
  const lifecycle = new Lifecycle({
    deadlineMs: 5_000,
    delayMs: 0,
    log: { info: note, error: note },
    exit: ended,
    steps: ['one', 'two'].map((name) => [name, () => Promise.resolve(done.push(name))] as const),
    ...options,
  });
  return { lifecycle, done, logged, exited };
}

test('a step that fails ends it with 1, and the steps after it are not begun', async () => {
  const after = jest.fn(() => Promise.resolve());
  const { lifecycle, exited, logged } = begin({
    steps: [
      ['failing', () => Promise.reject(new Error('no'))],
      ['after', after],
    ],
  });
  lifecycle.signal('SIGTERM');
  expect(await exited).toBe(1);
  expect(after).not.toHaveBeenCalled();
  expect(logged.at(-1)).toBe('did not end in order');
});

test('a step that takes too long ends it with 1', async () => {
  const { lifecycle, exited } = begin({
    deadlineMs: 20,
    steps: [['hanging', () => new Promise(() => undefined)]],
  });
  lifecycle.signal('SIGTERM');
  expect(await exited).toBe(1);
});

test('a second signal ends it at once and with 1', async () => {
  const { lifecycle, exited, done } = begin({ delayMs: 200 });
  lifecycle.signal('SIGTERM');
  lifecycle.signal('SIGINT');
  expect(await exited).toBe(1);
  expect(done).toEqual([]);
});

test('otherwise it goes step by step, and says from the first moment that it is ending', async () => {
  const { lifecycle, exited, done } = begin();
  expect(lifecycle.isStopping).toBe(false);
  lifecycle.signal('SIGTERM');
  expect(lifecycle.isStopping).toBe(true);
  expect(await exited).toBe(0);
  expect(done).toEqual(['one', 'two']);
});
