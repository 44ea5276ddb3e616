import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { saidBy } from '../core/shared/errors';
import { CacheUserRefusedError, type CacheUser, type LocalCacheUsers } from './cache-users';

const NAMESPACE = 'http://elasticache.amazonaws.com/doc/2015-02-02/';

/** Whether a request is signed for ElastiCache: by nothing else can one tell whom a form at `/` is for. */
export function isForElastiCache({ headers }: IncomingMessage): boolean {
  return /Credential=[^,]*\/elasticache\/aws4_request/.test(headers.authorization ?? '');
}

/**
 * Answers DescribeUsers and ModifyUser as ElastiCache does: a form comes, XML goes. Whatever else is asked is refused,
 * so that it is not taken for done.
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyUser.html
 */
export async function answerElastiCache(
  users: LocalCacheUsers,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const [status, body] = await text(incoming).then(
    (form) => answerTo(users, new URLSearchParams(form)),
    (error: unknown) => [400, refusal('MalformedQueryString', saidBy(error))] as const,
  );
  outgoing.writeHead(status, { 'content-type': 'text/xml' });
  outgoing.end(body);
}

function answerTo(users: LocalCacheUsers, form: URLSearchParams): readonly [status: number, body: string] {
  try {
    return [200, carryOut(users, form)];
  } catch (error) {
    if (!(error instanceof CacheUserRefusedError)) return [500, refusal('InternalFailure', saidBy(error))];
    return [error.code === 'UserNotFound' ? 404 : 400, refusal(error.code, error.message)];
  }
}

function carryOut(users: LocalCacheUsers, form: URLSearchParams): string {
  const action = form.get('Action');
  if (action === 'DescribeUsers') {
    refuseOthers(form, ['UserId']);
    const members = users.describe(form.get('UserId') ?? undefined).map((user) => tag('member', xmlOf(user)));
    return result(action, tag('Users', members.join('')));
  }
  if (action === 'ModifyUser') {
    refuseOthers(form, ['UserId', 'Passwords', 'AuthenticationMode.Type', 'AuthenticationMode.Passwords']);
    return result(action, xmlOf(users.setPasswords(form.get('UserId') ?? '', passwordsIn(form))));
  }
  throw new CacheUserRefusedError(
    'NotPlayedHere',
    `the local platform does not play ${action} of ElastiCache: teach local/elasticache.ts`,
  );
}

function passwordsIn(form: URLSearchParams): string[] {
  const type = form.get('AuthenticationMode.Type');
  if (type !== null && type !== 'password') {
    throw new CacheUserRefusedError(
      'NotPlayedHere',
      `the local platform does not play users of type ${type}: teach local/elasticache.ts`,
    );
  }
  const listed = (name: string) =>
    [...form].filter(([key]) => withoutIndex(key) === name).map(([, value]) => value);
  const lists = [listed('Passwords'), listed('AuthenticationMode.Passwords')].filter(
    ({ length }) => length > 0,
  );
  if (lists.length !== 1) {
    throw new CacheUserRefusedError(
      'InvalidParameterCombination',
      'Passwords are to be given once, as Passwords or in AuthenticationMode.',
    );
  }
  return lists[0]!;
}

function refuseOthers(form: URLSearchParams, known: readonly string[]): void {
  const others = [...form.keys()].filter(
    (key) => !['Action', 'Version', ...known].includes(withoutIndex(key)),
  );
  if (others.length === 0) return;
  throw new CacheUserRefusedError(
    'NotPlayedHere',
    `the local platform does not play ${others.join(', ')} of ${form.get('Action')}: teach local/elasticache.ts`,
  );
}

function withoutIndex(key: string): string {
  return key.replace(/\.member\.\d+$/, '');
}

function xmlOf({ userId, userName, engine, accessString, status, passwordCount }: CacheUser): string {
  return [
    tag('UserId', escaped(userId)),
    tag('UserName', escaped(userName)),
    tag('Status', status),
    tag('Engine', escaped(engine)),
    tag('AccessString', escaped(accessString)),
    tag('Authentication', tag('Type', 'password') + tag('PasswordCount', String(passwordCount))),
  ].join('');
}

function result(action: string, content: string): string {
  return `<${action}Response xmlns="${NAMESPACE}">${tag(`${action}Result`, content)}${tag(
    'ResponseMetadata',
    tag('RequestId', randomUUID()),
  )}</${action}Response>`;
}

function refusal(code: string, message: string): string {
  const error = tag('Error', tag('Type', 'Sender') + tag('Code', code) + tag('Message', escaped(message)));
  return `<ErrorResponse xmlns="${NAMESPACE}">${error}${tag('RequestId', randomUUID())}</ErrorResponse>`;
}

function tag(name: string, content: string): string {
  return `<${name}>${content}</${name}>`;
}

function escaped(value: string): string {
  return value.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}
