import type { ReactElement, ReactNode } from 'react';
import type { Tone } from '../status/summary';

/** A word with its tone. The word says it; the colour only helps. */
export function Badge({
  tone,
  children,
}: {
  readonly tone: Tone;
  readonly children: ReactNode;
}): ReactElement {
  return <span className={`badge tone-${tone}`}>{children}</span>;
}
