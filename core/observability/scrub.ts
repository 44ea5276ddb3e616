/**
 * Takes secrets and personal data out of text and values before they leave the process: into a log, an error
 * report, or the error that Lambda prints itself. Pure, and on the side of taking out too much: a redacted
 * word costs a look into the console, a leaked password costs a rotation at night.
 *
 * Taken out: passwords and tokens by the name they go under, credentials inside URLs and connection strings,
 * bearer tokens, JWTs, AWS keys, well-known vendors' tokens, PEM keys, e-mail addresses, payment card numbers.
 */

export const REDACTED = '[redacted]';

/** Nesting beyond this is cut: an error report is not the place for a deep object. */
const MAX_DEPTH = 8;

const SENSITIVE_NAME =
  /pass(?:word|wd|phrase|code)|pwd|secret|token|credential|apikey|accesskey|privatekey|authorization|cookie|signature|connectionstring|dsn$/;

/** Names that hold a sensitive word but say only where the secret lies, or how many there are. */
const HARMLESS_NAME = /(?:arn|name|count|type|version|age)$/;

/** Whether a value under this name is a secret whatever it looks like. `secretArn` is not, `DB_PASSWORD` is. */
export function isSensitiveName(name: string): boolean {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  return SENSITIVE_NAME.test(plain) && !HARMLESS_NAME.test(plain);
}

type Rule = readonly [pattern: RegExp, replacement: string | ((...groups: string[]) => string)];

/** In this order: a whole connection string goes before the e-mail address that its tail looks like. */
const RULES: readonly Rule[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, REDACTED],
  // A data store's URL: its password may hold a raw `/` or `@`, so everything up to the last `@` goes.
  [
    /\b((?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|valkeys?|amqps?|sqlserver|jdbc:\w+):\/\/)[^\s"'<>]{0,512}@/gi,
    `$1${REDACTED}@`,
  ],
  // Any other URL with userinfo, a Sentry DSN among them.
  [/\b([a-z][a-z0-9+.-]{1,30}:\/\/)[^\s/?#"'<>]*@/gi, `$1${REDACTED}@`],
  // URLs that are themselves the credential.
  [/(hooks\.slack\.com\/(?:services|workflows|triggers)\/)[^\s"'<>]+/gi, `$1${REDACTED}`],
  [/(events\.(?:eu\.)?pagerduty\.com\/integration\/)[^\s"'<>/]+/gi, `$1${REDACTED}`],
  // A header's value runs to the end of its line.
  [/\b((?:proxy-)?authorization|(?:set-)?cookie)(["']?\s*[:=]\s*["']?)[^\r\n"']+/gi, `$1$2${REDACTED}`],
  [/\b(Bearer|Basic|Digest)\s+[\w.~+/=-]{6,}/gi, `$1 ${REDACTED}`],
  [/\beyJ[\w-]{4,}\.[\w-]{4,}(?:\.[\w-]*){0,3}/g, REDACTED],
  [/\b(?:A3T[A-Z0-9]|AKIA|ASIA|AROA|AIDA|ABIA|ACCA)[A-Z0-9]{12,}\b/g, REDACTED],
  [
    /\b(?:gh[pousr]_|github_pat_|glpat-|xox[a-z]-|xapp-|[sr]k_(?:live|test)_|whsec_|npm_|SG\.)[\w.-]{8,}/g,
    REDACTED,
  ],
  [namedSecret(), redactNamedSecret],
  // An AWS secret access key has no prefix: 40 characters of base64. A SHA-1 in hex is let through.
  [/(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/g, redactSecretAccessKey],
  // A session token: nothing else that we log is so long without a space.
  [/(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{200,}={0,2}/g, REDACTED],
  [/[\p{L}\p{N}._%+'-]{1,64}(?:@|%40)[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,8}/gu, REDACTED],
  [/\d(?:[ .-]{0,2}\d){12,}/g, redactCardNumbers],
];

/** Takes secrets and personal data out of a text. */
export function scrubText(text: string): string {
  return RULES.reduce(
    (scrubbed, [pattern, replacement]) =>
      typeof replacement === 'string'
        ? scrubbed.replace(pattern, replacement)
        : scrubbed.replace(pattern, replacement),
    text,
  );
}

/**
 * A scrubbed copy of any value, made of plain JSON: names decide as well as contents, errors keep their
 * cause, cycles and binary data are named rather than followed.
 */
export function scrubValue(value: unknown): unknown {
  return scrubNode(value, new Set(), 0);
}

/**
 * The same rules as a `JSON.stringify` replacer, for a logger that serialises by itself.
 *
 * @param key the property's name as `JSON.stringify` gives it
 */
export function scrubbingReplacer(key: string, value: unknown): unknown {
  if (value === null || value === undefined || typeof value === 'boolean') return value;
  if (isSensitiveName(key)) return REDACTED;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') {
    return scrubScalar(value);
  }
  return isBinary(value) ? '[binary]' : value;
}

function scrubNode(value: unknown, above: Set<object>, depth: number): unknown {
  if (value === null || value === undefined || typeof value === 'boolean') return value;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') {
    return scrubScalar(value);
  }
  if (typeof value !== 'object') return `[${typeof value}]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (isBinary(value)) return '[binary]';
  if (above.has(value)) return '[circular]';
  if (depth >= MAX_DEPTH) return '[deeper]';

  const path = new Set(above).add(value);
  if (Array.isArray(value)) return value.map((item) => scrubNode(item, path, depth + 1));
  const entries = Object.entries(
    value instanceof Error
      ? { ...value, name: value.name, message: value.message, stack: value.stack, cause: value.cause }
      : value,
  );
  return Object.fromEntries(
    entries
      .filter(([, item]) => item !== undefined)
      .map(([name, item]) => [
        scrubText(name),
        isSensitiveName(name) && item !== null && typeof item !== 'boolean'
          ? REDACTED
          : scrubNode(item, path, depth + 1),
      ]),
  );
}

/** A card number may travel as a number as well as in a text. */
function scrubScalar(value: string | number | bigint): unknown {
  if (typeof value === 'string') return scrubText(value);
  return isCardNumber(String(value)) ? REDACTED : typeof value === 'bigint' ? String(value) : value;
}

/** Typed arrays and buffers, and what `Buffer.toJSON` makes of them before a replacer sees it. */
function isBinary(value: object): boolean {
  return (
    ArrayBuffer.isView(value) ||
    value instanceof ArrayBuffer ||
    ('type' in value && value.type === 'Buffer' && 'data' in value && Array.isArray(value.data))
  );
}

/**
 * `name = value` in every dress that logs know: libpq's `password='a b'`, a query string, YAML, JSON and JSON
 * inside JSON. What only looks like such a pair is matched first and left alone: ARNs, and what AWS calls its
 * actions and errors, for `ExpiredToken: The provided token has expired` is what somebody must read at night.
 */
function namedSecret(): RegExp {
  const arn = String.raw`\barn:aws[\w-]*:[^\s"',;<>]+`;
  const action = String.raw`\bsecretsmanager:[A-Z][A-Za-z]*|\b(?:(?:Get|BatchGet|Put)SecretValue|(?:Describe|Rotate|Update)Secret(?:VersionStage)?)\b`;
  const error = String.raw`\b(?:Expired|Invalid|Malformed|Missing)(?:Client|Security)?(?:Token|Signature|AccessKey)(?:Id)?(?:Exception|Error)?\b|\bSignatureDoesNotMatch\b`;
  // Without what stands before the word: `DB_` makes no difference, and looking for it would cost time squared.
  const name = String.raw`((?:pass(?:word|wd|phrase|code)|pwd|secret|token|credential|(?:api|access|private)[_-]?key|authorization|cookie|signature|connection[_-]?string|dsn)[\w-]{0,40})`;
  const separator = String.raw`(\\*["']?\s{0,4}(?:=>|[=:])\s{0,4})`;
  const value = String.raw`(\\+"[\s\S]*?\\+"|"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|\S+)`;
  return new RegExp(`${arn}|${action}|${error}|${name}${separator}${value}`, 'gi');
}

function redactNamedSecret(match: string, name?: string, separator?: string, value?: string): string {
  if (name === undefined || separator === undefined || value === undefined) return match;
  if (!isSensitiveName(name)) return match;
  const quote = /^(\\*["'])/.exec(value)?.[1] ?? '';
  return `${name}${separator}${quote}${REDACTED}${quote}`;
}

function redactSecretAccessKey(match: string): string {
  const mixed = /[a-z]/.test(match) && /[A-Z]/.test(match) && /\d/.test(match);
  return mixed ? REDACTED : match;
}

/** Looks for card numbers among neighbouring groups of digits: an amount or a year may stand next to one. */
function redactCardNumbers(run: string): string {
  const groups = [...run.matchAll(/\d+/g)].map(({ index, 0: digits }) => ({
    from: index,
    to: index + digits.length,
  }));
  let redacted = '';
  let copied = 0;
  for (let first = 0; first < groups.length; first++) {
    const from = groups[first]?.from ?? 0;
    // 19 digits at most, so 19 groups at most.
    const candidates = groups.slice(first, first + 19);
    const length = candidates.findLastIndex(({ to }) => isCardNumber(run.slice(from, to))) + 1;
    const last = candidates[length - 1];
    if (!last) continue;
    redacted += run.slice(copied, from) + REDACTED;
    copied = last.to;
    first += length - 1;
  }
  return redacted + run.slice(copied);
}

/** A length and prefix that card schemes issue, and the Luhn check digit (ISO/IEC 7812-1, annex B). */
function isCardNumber(text: string): boolean {
  // 13 digits, or 19 with two separators between each: most texts need no closer look.
  if (text.length < 13 || text.length > 55) return false;
  const digits = text.replace(/[ .-]/g, '');
  if (
    !/^(?:4\d{12}(?:\d{3}){0,2}|(?:5[0-8]|2[2-7]|6\d|35)\d{14}|6\d{16,18}|3[47]\d{13}|3[0689]\d{12})$/.test(
      digits,
    )
  ) {
    return false;
  }
  const sum = [...digits].reverse().reduce((total, digit, index) => {
    const doubled = Number(digit) * (index % 2 === 1 ? 2 : 1);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}
