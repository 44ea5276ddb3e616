import type { StackDiff, TouchedResource } from './compare-environment';
import { code } from './markdown';
import { showProperty } from './redact';
import type { PropertyChange, ResourceChange } from './resource-change';

/** Values of one resource that are listed. */
const VALUES = 20;

/** Every resource that is touched, and every value that differs. */
export function stackLines({ touched, state }: StackDiff): string[] {
  if (state === 'left') return ['- It is deployed, and the app has it no more: nothing deletes it.'];
  return touched.flatMap(resourceLines);
}

function resourceLines({ change, replacement }: TouchedResource): string[] {
  const { type, logicalId, path, changes } = change;
  const shown = changes.slice(0, VALUES).map((value) => valueLine(change, value));
  const followed = (replacement?.causes ?? []).flatMap(({ path: property, follows }) =>
    follows ? [`  - ${code(property)} follows ${code(`${follows.stack}/${follows.logicalId}`)}`] : [],
  );
  return [
    `- ${actionOf(change, replacement?.verdict)} ${code(path ?? logicalId)} (${code(type)}, ${code(logicalId)})`,
    ...shown,
    ...(changes.length > shown.length ? [`  - and ${changes.length - shown.length} more values`] : []),
    ...new Set(followed),
  ];
}

function actionOf({ action }: ResourceChange, verdict: 'no' | 'maybe' | 'yes' | undefined): string {
  switch (action) {
    case 'add':
      return '➕ new:';
    case 'remove':
      return '➖ **leaves**:';
    case 'may-remove':
      return '➖ **may leave**:';
    case 'keep':
      return verdict === 'yes'
        ? '♻️ **replaced**:'
        : verdict === 'maybe'
          ? '♻️ **may be replaced**:'
          : '✏️ changed:';
  }
}

function valueLine(
  { before, after }: ResourceChange,
  { path, before: was, after: is }: PropertyChange,
): string {
  const from = showProperty(before?.properties, path, was);
  const to = showProperty(after?.properties, path, is);
  return `  - ${code(path)}: ${code(from)} → ${code(to)}`;
}
