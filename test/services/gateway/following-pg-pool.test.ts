import { EventEmitter } from 'node:events';
import type { PoolClient } from 'pg';
import type { RotatingPool } from '../../../core/secrets/client';
import { DatabaseBusyError, FollowingPgPool } from '../../../services/gateway/src/database/following-pg-pool';

/** A rotating pool with one connection: it lends it to one after the other, and notes how each gave it back. */
function poolOfOne() {
  const client = Object.assign(new EventEmitter(), {
    query: jest.fn((text: unknown) => Promise.resolve({ rows: [text] })),
  });
  const returned: unknown[] = [];
  let free: Promise<unknown> = Promise.resolve();
  const rotating: Pick<RotatingPool, 'withClient'> = {
    withClient: <T>(work: (client: PoolClient) => Promise<T>) => {
      const turn = free.then(() => work(client as unknown as PoolClient));
      free = turn.then(
        () => returned.push('well'),
        (error: unknown) => returned.push(error),
      );
      return turn;
    },
  };
  return { client, returned, pool: new FollowingPgPool(rotating as RotatingPool, 2) };
}

const settled = () => new Promise(setImmediate);

test('a statement goes by a lent connection, which comes back', async () => {
  const { client, returned, pool } = poolOfOne();
  const config = { text: 'SELECT 1', values: [] };
  expect(await pool.query(config)).toEqual({ rows: [config] });
  await settled();
  expect([client.query.mock.calls, returned]).toEqual([[[config]], ['well']]);
});

test('a transaction keeps its connection until it is released, and others wait', async () => {
  const { client, returned, pool } = poolOfOne();
  const lent = await pool.connect();
  await lent.query('BEGIN');
  const other = pool.query({ text: 'SELECT 2' });
  await settled();
  expect([client.query.mock.calls.length, pool.waiting]).toEqual([1, 1]);
  lent.release();
  await other;
  await settled();
  expect([returned, pool.waiting]).toEqual([['well', 'well'], 0]);
});

test('a connection that is released as broken is given to nobody', async () => {
  const { returned, pool } = poolOfOne();
  const broken = new Error('broken');
  (await pool.connect()).release(broken);
  (await pool.connect()).release(true);
  await settled();
  expect(returned).toEqual([broken, expect.any(Error)]);
});

test('what a statement ends with is told, and so is what connecting ends with', async () => {
  const { client, returned, pool } = poolOfOne();
  client.query.mockRejectedValueOnce(new Error('syntax'));
  await expect(pool.query({ text: 'SELEC' })).rejects.toThrow('syntax');
  expect(returned).toEqual([expect.objectContaining({ message: 'syntax' })]);
  const closed = { withClient: () => Promise.reject(new Error('no connection')) } as unknown as RotatingPool;
  await expect(new FollowingPgPool(closed, 2).connect()).rejects.toThrow('no connection');
  await expect(new FollowingPgPool(closed, 2).query({ text: '' })).rejects.toThrow('no connection');
});

test('when too many wait, the next is refused at once, and room is made again', async () => {
  const { pool } = poolOfOne();
  const lent = await pool.connect();
  const waiting = [pool.query({ text: '1' }), pool.query({ text: '2' })];
  await expect(pool.query({ text: '3' })).rejects.toThrow(DatabaseBusyError);
  await expect(pool.connect()).rejects.toThrow(DatabaseBusyError);
  lent.release();
  await Promise.all(waiting);
  await settled();
  expect(pool.waiting).toBe(0);
  await pool.query({ text: '4' });
});
