import {
  AmbiguousBackupError,
  BackupNotFoundError,
  findBackup,
  newestBackup,
  newestBefore,
  newestVerified,
  type Backup,
  type BackupCatalogue,
} from '../../../../core/backup/catalogue';
import { asBackupId } from '../../../../core/backup/vault-layout';

const at = (time: string) => new Date(`2026-11-${time}:00Z`);

function dump(id: string, createdAt: Date, more: { database?: string; isVerified?: boolean } = {}): Backup {
  const backupId = asBackupId(id)!;
  const { database = 'golive', isVerified } = more;
  const manifest = { key: `${id}/manifest.json`, bytes: 1, storedAt: createdAt };
  return {
    kind: 'dump',
    id: backupId,
    database,
    manifestKey: manifest.key,
    createdAt,
    sizeBytes: 100,
    status: 'finished',
    managed: true,
    verified: isVerified === undefined ? 'none' : { height: 'restored', isVerified, at: createdAt },
    checked: false,
    candidate: { database, backupId, manifest, archives: new Map() },
    dbiResourceId: undefined,
    instanceIdentifier: undefined,
  };
}

function snapshot(
  id: string,
  createdAt?: Date,
  status: 'finished' | 'unfinished' | 'failed' = 'finished',
): Backup {
  return {
    kind: 'manual-snapshot',
    id,
    dbiResourceId: 'db-1',
    instanceIdentifier: 'shop',
    createdAt,
    sizeBytes: undefined,
    status,
    serviceStatus: status,
    managed: false,
    verified: 'none',
  };
}

function pointInTime(earliest: Date | undefined, latest: Date): Backup {
  return {
    kind: 'point-in-time',
    id: 'point-in-time:db-1',
    dbiResourceId: 'db-1',
    instanceIdentifier: 'shop',
    window: { earliest, latest },
    createdAt: latest,
    sizeBytes: undefined,
    status: 'finished',
    serviceStatus: 'active',
    managed: false,
    verified: 'none',
  };
}

function catalogue(...backups: Backup[]): BackupCatalogue {
  return { backups, rejected: [], unreadable: [] };
}

describe('finding what a person means', () => {
  const some = catalogue(
    dump('20261103T020000Z', at('03T02:01')),
    snapshot('golive-prod-1', at('02T03:00')),
    snapshot('golive-prod-10', at('02T02:59')),
    dump('20261102T020000Z', at('02T02:01')),
  );

  test.each([
    ['the whole id', '20261102T020000Z', '20261102T020000Z'],
    ['an id that another one begins with', 'golive-prod-1', 'golive-prod-1'],
    ['a beginning that no other has', '20261103', '20261103T020000Z'],
    ['the database too', 'golive/20261102', '20261102T020000Z'],
    ['a blank that was copied with it', ' golive-prod-10\n', 'golive-prod-10'],
  ])('by %s', (_, text, id) => {
    expect(findBackup(some, text).id).toBe(id);
  });

  test('a beginning of several is refused, and they are named', () => {
    const find = () => findBackup(some, '202611');
    expect(find).toThrow(AmbiguousBackupError);
    expect(find).toThrow(
      /"202611" fits 2 backups: golive\/20261103T020000Z \(dump, 2026-11-03T02:01:00.000Z\), golive\/20261102T020000Z .*; give the whole name of one$/,
    );
  });

  test('the same instant in two databases is told apart by the database', () => {
    const two = catalogue(
      dump('20261103T020000Z', at('03T02:01'), { database: 'shop' }),
      dump('20261103T020000Z', at('03T02:01'), { database: 'blog' }),
    );
    expect(() => findBackup(two, '20261103T020000Z')).toThrow(AmbiguousBackupError);
    expect(findBackup(two, 'blog/20261103T020000Z')).toBe(two.backups[1]);
  });

  test('no more are named than one can take in', () => {
    const many = catalogue(
      ...Array.from({ length: 30 }, (_, index) => snapshot(`s-${index}`, at('02T03:00'))),
    );
    expect(() => findBackup(many, 's-')).toThrow(/fits 30 backups: .*s-4 \(.*\) and 25 more; /);
    expect(() => findBackup(many, '')).toThrow(AmbiguousBackupError);
  });

  test('what is not there is said with the newest that are', () => {
    expect(() => findBackup(some, '2027')).toThrow(BackupNotFoundError);
    expect(() => findBackup(some, '2027')).toThrow(
      /no backup is called "2027"; the newest are .*; list the backups/,
    );
  });

  test('what is not there may be where we could not look', () => {
    const half = {
      ...some,
      unreadable: [{ source: 'snapshots' as const, reason: 'AccessDenied; check the role' }],
    };
    expect(() => findBackup(half, 'x')).toThrow(/first see to snapshots \(AccessDenied; check the role\)$/);
  });

  test('in an empty catalogue one is told to run a dump', () => {
    expect(() => findBackup(catalogue(), 'x')).toThrow(
      'no backup is called "x"; run a dump, or look in the DR region',
    );
  });
});

describe('the newest', () => {
  const verified = dump('20261101T020000Z', at('01T02:01'), { isVerified: true });
  const halfProven = dump('20261102T020000Z', at('02T02:01'), { isVerified: false });
  const many = catalogue(
    snapshot('begun'),
    snapshot('failed', at('04T03:00'), 'failed'),
    snapshot('good', at('03T03:00')),
    halfProven,
    verified,
  );

  test('is one that is finished', () => {
    expect(newestBackup(many)?.id).toBe('good');
    expect(newestBackup(catalogue(snapshot('begun')))).toBeUndefined();
  });

  test('of a kind is of that kind', () => {
    expect(newestBackup(many, 'dump')).toBe(halfProven);
    expect(newestBackup(many, 'point-in-time')).toBeUndefined();
  });

  test('verified one is one whose proof went far enough', () => {
    expect(newestVerified(many)).toBe(verified);
    expect(newestVerified(catalogue(halfProven))).toBeUndefined();
  });
});

describe('the newest before an instant', () => {
  const late = dump('20261103T020000Z', at('03T02:01'));
  const early = dump('20261101T020000Z', at('01T02:01'));
  const between = snapshot('between', at('02T02:00'));
  const window = pointInTime(at('02T12:00'), at('03T12:00'));

  test('is the last one from before, not from the very instant or after', () => {
    const backups = catalogue(late, between, early);
    expect(newestBefore(backups, at('03T02:00'))).toBe(between);
    expect(newestBefore(backups, at('02T02:00'))).toBe(early);
    expect(newestBefore(backups, at('01T00:00'))).toBeUndefined();
  });

  test.each([
    ['inside its window', '03T02:05', window],
    ['at the beginning of its window', '02T12:00', window],
    ['at the end of its window', '03T12:00', window],
    ['a minute before its window', '02T11:59', between],
    ['after its window, whose end is newer than the rest', '03T12:05', window],
  ])('is a point in time when the instant lies %s', (_, instant, expected) => {
    expect(newestBefore(catalogue(window, late, between, early), at(instant))).toBe(expected);
  });

  test('is no point in time when only the window’s end is known and the instant lies before it', () => {
    const endOnly = pointInTime(undefined, at('03T12:00'));
    expect(newestBefore(catalogue(endOnly, late), at('03T11:00'))).toBe(late);
    expect(newestBefore(catalogue(endOnly, late), at('03T12:01'))).toBe(endOnly);
  });

  test('is none that failed or is being made', () => {
    const backups = catalogue(snapshot('begun'), snapshot('failed', at('02T02:30'), 'failed'), between);
    expect(newestBefore(backups, at('03T00:00'))).toBe(between);
  });

  test('of no valid instant is an error', () => {
    expect(() => newestBefore(catalogue(late), new Date('yesterday'))).toThrow(RangeError);
  });
});
