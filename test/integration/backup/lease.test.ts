import { Agent } from 'node:http';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { LeaseHeldError, takeLease, withLease } from '../../../core/backup/lease';
import { startEmulator, type EmulatedAws } from '../../../local/emulator';
import { Supervisor } from '../../../local/supervisor';
import { passTime } from '../../support/s3-client-hooks';

const BUCKET = 'vault';

let supervisor: Supervisor;
let aws: EmulatedAws;
let s3: S3Client;
let names = 0;
let name: string;

/**
 * S3 compares and writes in one step. moto does so in two and has threads, so all clients share one connection
 * to it and its steps do not mingle.
 */
const oneConnection = new Agent({ keepAlive: true, maxSockets: 1 });

beforeAll(async () => {
  supervisor = Supervisor.start();
  ({ aws } = await startEmulator(supervisor, 'eu-central-1'));
  s3 = newClient();
  await s3.send(
    new CreateBucketCommand({
      Bucket: BUCKET,
      CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
    }),
  );
});

afterAll(async () => {
  oneConnection.destroy();
  await supervisor?.stop();
});

beforeEach(() => {
  name = `backup/shop ${++names}`;
});

function newClient(): S3Client {
  return new S3Client({ ...aws, forcePathStyle: true, requestHandler: { httpAgent: oneConnection } });
}

const take = (holder: string, client = s3, durationSeconds = 60) =>
  takeLease({ s3: client, bucket: BUCKET, name, holder, durationSeconds });

describe('a lease in a real vault', () => {
  it('is won by exactly one of ten that try at once, and the others learn who it is', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, runner) => take(`runner ${runner}`, newClient())),
    );
    const winner = results.findIndex(({ status }) => status === 'fulfilled');
    const refusals = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    );
    expect(refusals).toHaveLength(9);
    for (const refusal of refusals) {
      expect(refusal).toBeInstanceOf(LeaseHeldError);
      expect(refusal).toMatchObject({ holder: `runner ${winner}` });
    }
  });

  it('is taken over by exactly one of ten after a crash, with a greater fencing token', async () => {
    const crashed = await take('crashed');
    await expect(take('too early')).rejects.toThrow(LeaseHeldError);
    const later = newClient();
    passTime(later, 70_000);
    const results = await Promise.allSettled(
      // An hour, so that the winner's has not ended for the others, who are told the later time.
      Array.from({ length: 10 }, (_, runner) => take(`runner ${runner}`, later, 3600)),
    );
    const winners = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(winners).toHaveLength(1);
    expect(winners[0]?.fencingToken).toBeGreaterThan(crashed.fencingToken);
    await expect(crashed.confirm()).rejects.toMatchObject({ code: 'LeaseLostError' });
  });

  it('is renewed, given back and taken again', async () => {
    const first = await take('first');
    await first.renew();
    await first.renew();
    await first.confirm();
    await first.release();
    const second = await take('second');
    expect(second.fencingToken).toBeGreaterThan(first.fencingToken);
    await expect(first.confirm()).rejects.toMatchObject({ code: 'LeaseLostError' });
  });

  it('lets ten that wait for each other work one after the other', async () => {
    let inside = 0;
    let worked = 0;
    const most: number[] = [];
    const runOnce = async (holder: string): Promise<void> => {
      const request = { s3: newClient(), bucket: BUCKET, name, holder, durationSeconds: 60 };
      try {
        await withLease(request, async (lease) => {
          most.push(++inside);
          await lease.confirm();
          inside--;
          worked++;
        });
      } catch (error) {
        if (!(error as { retryable?: boolean }).retryable) throw error;
        await runOnce(holder);
      }
    };
    await Promise.all(Array.from({ length: 10 }, (_, runner) => runOnce(`runner ${runner}`)));
    expect(worked).toBe(10);
    expect(Math.max(...most)).toBe(1);
  });
});
