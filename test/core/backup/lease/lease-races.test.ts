import fc from 'fast-check';
import { LeaseHeldError, LeaseLostError, takeLease, type Lease } from '../../../../core/backup/lease';
import { MemoryS3 } from '../../../support/memory-s3';
import { VirtualTime } from './virtual-time';

type Step = 'renew' | 'confirm' | 'release';
const anyStep = fc.constantFrom<Step[]>('renew', 'renew', 'renew', 'confirm', 'release');
const anyFault = fc.constantFrom(undefined, undefined, undefined, undefined, 'answer-lost' as const, {
  status: 409,
});

/** Of a stream without an end. */
function next<T>(stream: Iterator<T, unknown>): T {
  return stream.next().value as T;
}

/** Ways in which a step may end; any other is a fault of ours. */
function expected(error: unknown): undefined {
  const { code } = error as { code?: string };
  const known = error instanceof LeaseHeldError || error instanceof LeaseLostError;
  if (!known && code !== 'LeaseUnavailableError') throw error;
}

describe('whatever the order of requests, lost answers and passing time', () => {
  it('is held by one at most, and each taking has a greater fencing token', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.array(anyStep, { maxLength: 6 }), { minLength: 2, maxLength: 4 }),
        fc.infiniteStream(fc.constantFrom(0, 0, 100, 800, 2_700, 4_900)),
        fc.infiniteStream(anyFault),
        async (scheduler, scripts, delays, faults) => {
          const time = new VirtualTime();
          const vault = new MemoryS3();
          vault.now = () => new Date(1_795_402_800_000 + time.elapsed());
          vault.fault = () => next(faults);
          const s3 = vault.client();
          const held = new Map<string, Lease>();
          const tokens: number[] = [];
          const overlaps: string[][] = [];
          const look = (): void => {
            // Who has it by S3's word, from the moment at which S3 stored it.
            const { body } = vault.objects.get('/vault/leases/race.json') ?? { body: '{"released":true}' };
            const { holder, released } = JSON.parse(body) as { holder: string; released: boolean };
            const holders = [...held]
              .filter(([name, lease]) => lease.remainingMilliseconds() > 0 && name !== holder)
              .map(([name]) => name);
            if (holders.length + (released ? 0 : 1) > 1) overlaps.push([holder, ...holders]);
          };
          vault.gate = async () => {
            look();
            await scheduler.schedule(Promise.resolve());
            time.skip(next(delays));
            look();
          };
          // A pause between two tries takes its turn among the requests.
          const timing = {
            elapsed: () => time.elapsed(),
            sleep: () => scheduler.schedule(Promise.resolve()).then(() => undefined),
          };

          const run = async (script: readonly Step[], index: number) => {
            const name = `holder ${index}`;
            const request = { s3, bucket: 'vault', name: 'race', holder: name, durationSeconds: 10, timing };
            let lease: Lease | undefined;
            for (let patience = 10; patience > 0 && !lease; patience--) {
              lease = await takeLease(request).catch(expected);
            }
            if (!lease) return;
            held.set(name, lease);
            tokens.push(lease.fencingToken);
            look();
            for (const step of script) {
              // Whoever gives it back has stopped counting on it before.
              if (step === 'release') held.delete(name);
              await lease[step]().catch(expected);
              look();
              if (step === 'release') return;
            }
          };
          const runs = Promise.all(scripts.map(run));
          await scheduler.waitFor(runs);
          expect(overlaps).toEqual([]);
          expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is won by exactly one of two that find it free', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.boolean(), async (scheduler, endedBefore) => {
        const time = new VirtualTime();
        const vault = new MemoryS3();
        vault.now = () => new Date(1_795_402_800_000 + time.elapsed());
        const request = {
          s3: vault.client(),
          bucket: 'vault',
          name: 'race',
          durationSeconds: 10,
          timing: time,
        };
        if (endedBefore) {
          await takeLease({ ...request, holder: 'crashed' });
          time.skip(15_000);
        }
        vault.gate = () => scheduler.schedule(Promise.resolve());
        const timing = { elapsed: () => time.elapsed(), sleep: () => scheduler.schedule(Promise.resolve()) };
        const taking = Promise.allSettled(
          ['a', 'b'].map((holder) => takeLease({ ...request, timing, holder })),
        );
        const results = await scheduler.waitFor(taking);
        expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
        const [loser] = results.filter((result) => result.status === 'rejected');
        expect(loser?.reason).toBeInstanceOf(LeaseHeldError);
      }),
      { numRuns: 50 },
    );
  });
});
