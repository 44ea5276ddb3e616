import { archiveList, partedList } from '../../../../core/backup/restore/archive-list';

const LISTING = `;
; Archive created at 2026-11-01 02:00:00 UTC
;     dbname: golive
;
2; 3079 16386 EXTENSION - pgcrypto
4500; 0 0 COMMENT - EXTENSION pgcrypto
4501; 0 0 COMMENT public TABLE "COMMENT - EXTENSION" golive_admin
230; 1259 16500 TABLE accounts people golive_admin
4400; 0 16500 TABLE DATA accounts people golive_admin
4600; 6100 16900 SUBSCRIPTION - from_elsewhere golive_admin
4601; 0 0 COMMENT - SUBSCRIPTION from_elsewhere golive_admin
`;

describe('the list that a restore works by', () => {
  test('leaves out what a master user may not do, and says which and why', () => {
    const list = archiveList(LISTING);
    expect(list.leftOut.map(({ entry }) => entry)).toEqual([
      'COMMENT - EXTENSION pgcrypto',
      'SUBSCRIPTION - from_elsewhere golive_admin',
      'COMMENT - SUBSCRIPTION from_elsewhere golive_admin',
    ]);
    expect(list.text).toContain('\n;4500; 0 0 COMMENT - EXTENSION pgcrypto\n');
  });

  test('keeps everything else as it is, in its order, and counts it', () => {
    const list = archiveList(LISTING);
    expect([...list.ids]).toEqual(['2', '4501', '230', '4400']);
    expect(list.text.split('\n').filter((line) => line !== '' && !line.startsWith(';'))).toEqual([
      '2; 3079 16386 EXTENSION - pgcrypto',
      '4501; 0 0 COMMENT public TABLE "COMMENT - EXTENSION" golive_admin',
      '230; 1259 16500 TABLE accounts people golive_admin',
      '4400; 0 16500 TABLE DATA accounts people golive_admin',
    ]);
  });

  test('is parted in two, of which each restores what the other leaves out', () => {
    const [first, others] = partedList(archiveList(LISTING), (entry) => /^(EXTENSION|TABLE) - /.test(entry));
    expect([...first.ids]).toEqual(['2']);
    expect([...others.ids]).toEqual(['4501', '230', '4400']);
    const restoredBy = (text: string) => text.split('\n').filter((line) => /^\d/.test(line));
    expect(restoredBy(first.text).map((line) => line.split(';')[0])).toEqual(['2']);
    expect(restoredBy(others.text).map((line) => line.split(';')[0])).toEqual(['4501', '230', '4400']);
    expect(others.leftOut).toHaveLength(3);
  });
});
