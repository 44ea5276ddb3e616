import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENVIRONMENT_NAMES } from '../../lib/config';
import { templatesOf } from './support/synthesis';

/** The anchors that a Markdown page's headings have on GitHub. */
function anchorsOf(markdown: string): Set<string> {
  return new Set(
    [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
      (heading as string)
        .toLowerCase()
        .replace(/[^a-z0-9 -]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
}

const sections = anchorsOf(readFileSync(join(__dirname, '../../docs/runbook.md'), 'utf8'));

describe.each(ENVIRONMENT_NAMES)('%s', (environment) => {
  const alarms = Object.values(templatesOf(environment).Backup.findResources('AWS::CloudWatch::Alarm')).map(
    ({ Properties }) => Properties as { AlarmDescription: string; EvaluationPeriods: number; Period: number },
  );

  test('every alarm sends its reader to a section that the runbook has', () => {
    const anchors = alarms.map(
      ({ AlarmDescription }) => /See docs\/runbook\.md#(\S+)$/.exec(AlarmDescription)?.[1],
    );

    expect(anchors.sort()).toEqual([
      'backup-dump-failing',
      'backup-dump-not-fingerprinted',
      'backup-dump-not-running',
      'backup-failed-events',
      'backup-snapshot-failing',
      'backup-snapshot-not-running',
    ]);
    expect(anchors.filter((anchor) => !sections.has(anchor as string))).toEqual([]);
  });

  test('no alarm looks back further than the seven days that CloudWatch allows', () => {
    expect(alarms.filter(({ EvaluationPeriods, Period }) => EvaluationPeriods * Period > 7 * 86_400)).toEqual(
      [],
    );
  });
});
