import type { ReactElement } from 'react';

/** Our name: a ring that is open where the point goes live. */
export function Wordmark(): ReactElement {
  return (
    <span className="wordmark">
      <svg
        className="wordmark-mark"
        viewBox="0 0 32 32"
        width="28"
        height="28"
        aria-hidden="true"
        focusable="false"
      >
        <path className="wordmark-ring" d="M22.6 7.2A11 11 0 1 0 27 16" />
        <circle className="wordmark-point" cx="25" cy="9.5" r="4" />
        <path className="wordmark-rise" d="M11 18l4-4 3.2 3.2L25 9.5" />
      </svg>
      <span className="wordmark-text">
        Go<b>Live</b>
      </span>
    </span>
  );
}
