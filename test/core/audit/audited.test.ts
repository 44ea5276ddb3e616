import { audited, AuditRecord, vaultSink, type AuditSink } from '../../../core/audit';
import { GoLiveError } from '../../../core/shared/errors';
import { MemoryS3 } from '../../support/memory-s3';
import { keepAudit, WHO } from './auditor';

const RESTORE = { action: 'backup.restore', target: 'dump shop/20261123T020000Z' } as const;

class DiskFullError extends GoLiveError {
  readonly code = 'DiskFullError';
}

const broken: AuditSink = { name: 'the broken sink', write: () => Promise.reject(new Error('no space')) };

describe('an audited action that fails', () => {
  it('throws the very error that it threw, and leaves a record with its code', async () => {
    const { auditor, records } = keepAudit();
    const error = new DiskFullError('the disk is full; make room');
    await expect(audited(auditor, RESTORE, () => Promise.reject(error))).rejects.toBe(error);
    expect(records).toMatchObject([
      {
        ...RESTORE,
        outcome: 'failed',
        error: { code: 'DiskFullError', message: 'the disk is full; make room' },
      },
    ]);
  });

  it('throws its own error even when no record of it can be written', async () => {
    const { auditor, unrecorded } = keepAudit({ sinks: [broken] });
    const error = new DiskFullError('the disk is full; make room');
    await expect(audited(auditor, RESTORE, () => Promise.reject(error))).rejects.toBe(error);
    expect(unrecorded).toMatchObject([{ code: 'AuditNotRecordedError', record: { outcome: 'failed' } }]);
  });

  it.each([
    [new TypeError('x'), 'TypeError'],
    [Object.assign(new Error('deadlock'), { code: '40P01' }), '40P01'],
    [Object.assign(new Error('denied'), { name: 'AccessDenied' }), 'AccessDenied'],
    ['a text', 'UnknownError'],
  ])('is recorded with a code that can be searched for: %p', async (thrown, code) => {
    const { auditor, records } = keepAudit();
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- others' code does so
    await audited(auditor, RESTORE, () => Promise.reject(thrown)).catch(() => undefined);
    expect(records[0]?.error?.code).toBe(code);
  });
});

describe('an audited action that succeeds', () => {
  it('returns what it returned, and leaves one complete record', async () => {
    const { auditor, records, unrecorded } = keepAudit();
    const action = { ...RESTORE, details: { reason: 'drill' } };
    const result = await audited(auditor, action, (note) => {
      note({ bytes: 5n, at: new Date(0) });
      return Promise.resolve('restored');
    });
    expect(result).toBe('restored');
    expect(unrecorded).toEqual([]);
    expect(records).toEqual([
      {
        auditVersion: 1,
        id: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
        who: WHO,
        ...RESTORE,
        environment: 'prod',
        startedAt: '2026-11-23T03:04:05.678Z',
        durationMilliseconds: expect.any(Number) as unknown,
        outcome: 'succeeded',
        requestId: 'request-1',
        toolVersion: '0.1.0',
        details: { reason: 'drill', bytes: '5', at: '1970-01-01T00:00:00.000Z' },
      },
    ]);
    expect(AuditRecord.parse(records[0])).toEqual(records[0]);
  });

  it('is not called a failure because one sink did not take the record: the others have it', async () => {
    const { auditor, records, unrecorded } = keepAudit();
    const sinks = [broken, ...auditor.sinks];
    await expect(audited({ ...auditor, sinks }, RESTORE, () => Promise.resolve(7))).resolves.toBe(7);
    expect(records).toHaveLength(1);
    expect(unrecorded).toHaveLength(1);
    expect(unrecorded[0]?.message).toMatch(/^the broken sink did not take .*; look for it on the log/);
  });

  it('is not called a failure because its details cannot be scrubbed, and then they go nowhere', async () => {
    const { auditor, records, unrecorded } = keepAudit({
      scrub: () => {
        throw new Error('too deep');
      },
    });
    await expect(audited(auditor, RESTORE, () => Promise.resolve(7))).resolves.toBe(7);
    expect(records).toEqual([]);
    expect(unrecorded).toMatchObject([{ record: undefined }]);
  });
});

it('keeps secrets out of details and messages, and the caller in', async () => {
  const { auditor, records } = keepAudit();
  const error = new Error('cannot reach postgres://master:hunter2@db.test/shop');
  const action = { ...RESTORE, details: { password: 'hunter2', url: 'postgres://a:hunter2@db.test/shop' } };
  await audited(auditor, action, () => Promise.reject(error)).catch(() => undefined);
  expect(JSON.stringify(records)).not.toContain('hunter2');
  expect(records[0]?.who.arn).toContain('jo@example.com');
});

describe('keeping records in the vault', () => {
  it('writes where nothing is, by day and time', async () => {
    const vault = new MemoryS3();
    const { auditor } = keepAudit({ sinks: [vaultSink(vault.client(), 'vault')] });
    await audited(auditor, RESTORE, () => Promise.resolve());
    expect(vault.requests).toHaveLength(1);
    expect(vault.requests[0]).toMatch(
      /^PUT \/vault\/audit\/2026\/11\/23\/20261123T030405678Z-[0-9a-f-]{36}\.json$/,
    );
  });

  it('is content when the answer to its write was lost and the second try is turned away', async () => {
    const vault = new MemoryS3();
    let lost = 0;
    vault.fault = () => (lost++ === 0 ? 'answer-lost' : undefined);
    const { auditor, unrecorded } = keepAudit({ sinks: [vaultSink(vault.client(2), 'vault')] });
    await audited(auditor, RESTORE, () => Promise.resolve());
    expect(vault.requests).toHaveLength(2);
    expect(unrecorded).toEqual([]);
    expect(vault.objects.size).toBe(1);
  });

  it('says so when S3 refuses', async () => {
    const vault = new MemoryS3();
    vault.fault = () => ({ status: 403 });
    const { auditor, unrecorded } = keepAudit({ sinks: [vaultSink(vault.client(), 'vault')] });
    await audited(auditor, RESTORE, () => Promise.resolve());
    expect(unrecorded[0]?.message).toContain('allow the role to put objects below audit/');
  });
});
