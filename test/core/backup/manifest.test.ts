import { Manifest } from '../../../core/backup/manifest';
import { MANIFEST } from './verify/fixtures';

const withFormat = (format: string) =>
  Manifest.safeParse({ ...MANIFEST, archive: { ...MANIFEST.archive, format } });

test.each(['custom', 'directory-tar'])('a manifest may name an archive of the format %s', (format) => {
  expect(withFormat(format).success).toBe(true);
});

test('a manifest with a format that we do not know is not understood', () => {
  expect(withFormat('plain').error?.issues).toMatchObject([{ path: ['archive', 'format'] }]);
});
