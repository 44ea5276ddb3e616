import type { IncomingMessage } from 'node:http';
import type { TargetGroup } from './target-group';

/** What becomes of a request. */
export type Action =
  | { readonly kind: 'forward'; readonly group: TargetGroup }
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly contentType: string;
      readonly body: string;
    };

export interface Condition {
  readonly field: 'path-pattern' | 'host-header';
  /** Any of them. `*` is anything, `?` is one character. */
  readonly values: readonly string[];
}

export interface Rule {
  /** Lower is asked first. */
  readonly priority: number;
  /** All of them. */
  readonly conditions: readonly Condition[];
  readonly action: Action;
}

/** The first rule's action whose conditions hold, or the default one's. */
export function actionFor(
  request: Pick<IncomingMessage, 'url' | 'headers'>,
  rules: readonly Rule[],
  otherwise: Action,
): Action {
  const inOrder = [...rules].sort((a, b) => a.priority - b.priority);
  return (
    inOrder.find(({ conditions }) => conditions.every((one) => holds(one, request)))?.action ?? otherwise
  );
}

function holds(
  { field, values }: Condition,
  { url = '/', headers }: Pick<IncomingMessage, 'url' | 'headers'>,
): boolean {
  // The query is no part of it, and nothing is decoded.
  const path = url.split('?', 1)[0]!;
  const host = (headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  return values.some((value) =>
    field === 'path-pattern' ? fits(value, path) : fits(value.toLowerCase(), host),
  );
}

function fits(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[\\^$.+()[\]{}|]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}
