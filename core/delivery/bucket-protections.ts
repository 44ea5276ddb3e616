import { at, type Check } from './property-checks';
import { show } from './show';
import { asList, isMap, type Value, type ValueMap } from './template';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-defaultretention.html */
export const locksLess: Check = (before, after) => {
  const [was, is] = [before, after].map(lockOf) as [Lock | undefined, Lock | undefined];
  if (!was) return undefined;
  if (!is) return 'would no longer lock new objects';
  if (is.days < was.days) return `would lock new objects for ${is.days} days and not ${was.days}`;
  return was.mode === 'COMPLIANCE' && is.mode !== 'COMPLIANCE'
    ? `would lock new objects in mode ${is.mode}, which some people may lift`
    : undefined;
};

interface Lock {
  readonly mode: string;
  readonly days: number;
}

function lockOf(properties: ValueMap): Lock | undefined {
  const retention = at(properties, 'ObjectLockConfiguration.Rule.DefaultRetention');
  if (!isMap(retention)) return undefined;
  const years = Number(retention['Years'] ?? 0);
  return { mode: show(retention['Mode']), days: years * 365 + Number(retention['Days'] ?? 0) };
}

/** A rule of the lifecycle that deletes sooner than any did of the same objects, or deletes what none did. */
export const expiresMore: Check = (before, after) => {
  const was = expiriesOf(before);
  const sooner = [...expiriesOf(after)].find(([what, days]) => days < (was.get(what) ?? Infinity));
  if (!sooner) return undefined;
  const [what, days] = sooner;
  const earlier = was.get(what);
  return `would delete ${what} after ${days} days${earlier === undefined ? '' : ` and not ${earlier}`}`;
};

/** Days after which the lifecycle deletes, by what it deletes. */
function expiriesOf(properties: ValueMap): Map<string, number> {
  const rules = at(properties, 'LifecycleConfiguration.Rules');
  const expiries = new Map<string, number>();
  for (const rule of asList(rules)) {
    if (!isMap(rule) || rule['Status'] !== 'Enabled') continue;
    const noncurrent = at(rule, 'NoncurrentVersionExpiration.NoncurrentDays');
    const kinds: readonly [string, Value | undefined][] = [
      ['objects', rule['ExpirationInDays']],
      // A date is a day on which everything older is gone.
      ['objects', rule['ExpirationDate'] === undefined ? undefined : '0'],
      ['older versions', noncurrent ?? rule['NoncurrentVersionExpirationInDays']],
    ];
    for (const [kind, days] of kinds) {
      if (days === undefined) continue;
      const what = `${kind}${scopeOf(rule)}`;
      const number = typeof days === 'string' ? Number(days) : 0;
      expiries.set(what, Math.min(number, expiries.get(what) ?? Infinity));
    }
  }
  return expiries;
}

function scopeOf(rule: ValueMap): string {
  const { Prefix: prefix, TagFilters: tags, ...rest } = rule;
  const sizes = Object.entries(rest).filter(([name]) => name.startsWith('ObjectSize'));
  const filters = [...(tags === undefined ? [] : [tags]), ...sizes];
  const below = typeof prefix === 'string' && prefix !== '' ? ` below ${prefix}` : '';
  return filters.length > 0
    ? `${below} that match ${filters.map((filter) => (typeof filter === 'string' ? filter : show(filter as Value))).join(' and ')}`
    : below;
}

export const replicatesLess: Check = (before, after) => {
  const [was, is] = [before, after].map(
    (properties) =>
      asList(at(properties, 'ReplicationConfiguration.Rules')).filter(
        (rule) => isMap(rule) && rule['Status'] === 'Enabled',
      ).length,
  ) as [number, number];
  if (is >= was) return undefined;
  return is === 0 ? 'would no longer be replicated' : `would be replicated by ${is} rules and not ${was}`;
};
