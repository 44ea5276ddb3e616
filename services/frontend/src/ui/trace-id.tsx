import type { ReactElement } from 'react';

/** What somebody tells who asks for help. */
export function TraceId({ id }: { readonly id: string }): ReactElement {
  return (
    <p className="trace">
      If it goes on, report it with this trace id: <code>{id}</code>
    </p>
  );
}
