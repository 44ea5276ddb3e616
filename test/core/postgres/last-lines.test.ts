import { LastLines } from '../../../core/postgres/last-lines';

test('keeps the last 16 KiB, in whole lines', () => {
  const lines = new LastLines([]);
  for (let number = 1; number <= 5_000; number++) lines.add(Buffer.from(`line ${number}\n`));
  expect(lines.text.length).toBeLessThanOrEqual(16_384);
  expect(lines.text).toMatch(/^line \d+\n/);
  expect(lines.text).toMatch(/line 5000$/);
});

test('shows no secret, though it came in two pieces', () => {
  const lines = new LastLines(['s3cret']);
  lines.add(Buffer.from('password s3c'));
  lines.add(Buffer.from('ret refused'));
  expect(lines.text).toBe('password [secret] refused');
});

test('shows no half of a secret when it cuts: a line goes as a whole', () => {
  const lines = new LastLines(['s3cret'.repeat(100)]);
  lines.add(Buffer.from(`${'s3cret'.repeat(100)} ${'x'.repeat(16_000)}`));
  expect(lines.text).toBe('');
  lines.add(Buffer.from('\nafter it\n'));
  expect(lines.text).toBe('after it');
});

test('masks each secret once, however short, and nothing for an empty one', () => {
  const lines = new LastLines(['s', '']);
  lines.add(Buffer.from('yes'));
  expect(lines.text).toBe('ye[secret]');
});

test('puts a letter together that came in two pieces', () => {
  const lines = new LastLines([]);
  const bytes = Buffer.from('naïve');
  lines.add(bytes.subarray(0, 3));
  lines.add(bytes.subarray(3));
  expect(lines.text).toBe('naïve');
});
