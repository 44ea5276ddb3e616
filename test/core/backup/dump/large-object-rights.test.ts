import { unreadableLargeObjectsSql } from '../../../../core/backup/dump/large-object-rights';

// That the older text says what the server does is tested against one in test/integration/secrets.
test('from PostgreSQL 18 on the server itself is asked, and before, what stands in its catalogue', () => {
  expect(unreadableLargeObjectsSql(180_000)).toContain(
    `pg_catalog.has_largeobject_privilege(example, 'SELECT')`,
  );
  expect(unreadableLargeObjectsSql(180_000)).not.toContain('aclexplode');
  expect(unreadableLargeObjectsSql(170_009)).toContain('aclexplode');
  expect(unreadableLargeObjectsSql(170_009)).not.toContain('has_largeobject_privilege');
});
