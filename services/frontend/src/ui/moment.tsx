'use client';

import { useEffect, useState, type ReactElement } from 'react';
import { ageText, momentText } from '../status/text';

/**
 * A point in time by its age. Until the browser has taken over, and where it never does, the moment itself is told in UTC;
 * then in the person's own zone.
 *
 * @param now when the page was made, milliseconds: both sides must come to the same age
 */
export function Moment({ iso, now }: { readonly iso: string; readonly now: number }): ReactElement {
  const [zone, setZone] = useState('UTC');
  useEffect(() => setZone(Intl.DateTimeFormat().resolvedOptions().timeZone), []);
  const moment = momentText(iso, zone);
  return (
    <time dateTime={iso} title={moment}>
      <span className="moment-age">{ageText(iso, now)}</span> <span className="moment-at">{moment}</span>
    </time>
  );
}
