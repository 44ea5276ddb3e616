import { PartBuffers } from '../../../../core/backup/dump/part-buffers';

const isPending = async (promise: Promise<unknown>) =>
  (await Promise.race([promise, Promise.resolve('pending')])) === 'pending';

test('whoever wants more than the budget waits until a buffer comes back', async () => {
  const buffers = new PartBuffers(() => 20);
  const first = await buffers.borrow(10);
  await buffers.borrow(10);
  const third = buffers.borrow(10);
  expect(await isPending(third)).toBe(true);
  buffers.giveBack(first);
  expect(await third).toBe(first);
});

test('larger buffers wait until enough of the smaller ones are back, which are then let go', async () => {
  const buffers = new PartBuffers((each) => 2 * each);
  const small = await Promise.all([buffers.borrow(10), buffers.borrow(10)]);
  const large = buffers.borrow(15);
  expect(await isPending(large)).toBe(true);
  buffers.giveBack(small[0]);
  expect(await large).toHaveLength(15);
  const another = buffers.borrow(15);
  expect(await isPending(another)).toBe(true);
  buffers.giveBack(small[1]);
  expect(await another).toHaveLength(15);
});

test('when the upload has failed, whoever waits is told, and so is whoever comes later', async () => {
  const buffers = new PartBuffers(() => 10);
  await buffers.borrow(10);
  const waiting = buffers.borrow(10);
  buffers.close(new Error('the upload failed'));
  await expect(waiting).rejects.toThrow('the upload failed');
  await expect(buffers.borrow(10)).rejects.toThrow('the upload failed');
});
