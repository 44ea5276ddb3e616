/** What of a request a firewall's statement looks at here. */
export interface WebRequest {
  readonly method: string;
  /** As it was sent, not decoded. */
  readonly path: string;
}

type Statement = Record<string, unknown>;

/** Whether a statement of AWS WAF matches a request, as AWS documents it; throws on what the edge does not use. */
export function matches(statement: Statement, request: WebRequest): boolean {
  const [[kind, body]] = Object.entries(statement) as [[string, Statement]];
  switch (kind) {
    case 'AndStatement':
      return (body['Statements'] as Statement[]).every((one) => matches(one, request));
    case 'OrStatement':
      return (body['Statements'] as Statement[]).some((one) => matches(one, request));
    case 'NotStatement':
      return !matches(body['Statement'] as Statement, request);
    case 'ByteMatchStatement':
      return byteMatch(body, request);
    default:
      throw new Error(`${kind} is not played here`);
  }
}

function byteMatch(statement: Statement, { method, path }: WebRequest): boolean {
  const field = Object.keys(statement['FieldToMatch'] as object)[0];
  const value = (statement['TextTransformations'] as { Priority: number; Type: string }[])
    .toSorted((one, other) => one.Priority - other.Priority)
    .reduce((text, { Type }) => transformed(Type, text), field === 'Method' ? method : path);
  const wanted = String(statement['SearchString']);
  return statement['PositionalConstraint'] === 'EXACTLY' ? value === wanted : value.startsWith(wanted);
}

function transformed(type: string, text: string): string {
  switch (type) {
    case 'NONE':
      return text;
    case 'URL_DECODE':
      return decodeURIComponent(text);
    case 'NORMALIZE_PATH':
      return new URL(`http://any${text.replace(/\/+/g, '/')}`).pathname;
    case 'LOWERCASE':
      return text.toLowerCase();
    default:
      throw new Error(`${type} is not played here`);
  }
}
