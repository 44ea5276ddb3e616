import {
  archiveKey,
  backupIdAt,
  parseArchiveKey,
  parseBackupObjectKey,
} from '../../../core/backup/vault-layout';

const backupId = backupIdAt(new Date('2026-11-23T02:00:00Z'));

test.each([
  ['custom', 'dumps/shop/2026/11/23/20261123T020000Z/archive-a1.pgdump'],
  ['directory-tar', 'dumps/shop/2026/11/23/20261123T020000Z/archive-a1.tar'],
] as const)('an archive of the format %s lies at a key that is read back', (format, key) => {
  expect(archiveKey('shop', backupId, 'a1', format)).toBe(key);
  expect(parseArchiveKey(key)).toEqual({ database: 'shop', backupId });
  expect(parseBackupObjectKey(key)).toEqual({ database: 'shop', backupId, role: 'archive' });
});

test.each(['archive-a1.zip', 'archive-a1.tar.gz', 'archive-.tar', 'archive-a/b.tar', 'xarchive-a1.tar'])(
  '%s is no archive of ours',
  (name) => {
    expect(parseArchiveKey(`dumps/shop/2026/11/23/20261123T020000Z/${name}`)).toBeUndefined();
  },
);
