import { ACCEPT_LABEL, renderComment, stateOf } from '../../../core/delivery/comment';
import { GitHub } from '../../../core/delivery/github/client';
import { GitHubRefusedError, GitHubUnavailableError } from '../../../core/delivery/github/errors';
import { acceptedFindings, findOwnComment, putComment } from '../../../core/delivery/github/pull-request';
import { publishComment } from '../../../scripts/delivery/publish-comment';
import { saidBy } from '../../../core/shared/errors';
import { GitHubDouble, type PullRequestDouble } from './github-double';
import { database, diffOf, pair, subnets } from './pairs';

let double: GitHubDouble;
let slept: number[];
const NOW = Date.parse('2026-11-30T00:00:00Z');

const client = (options: { readonly token?: string; readonly apiUrl?: string } = {}) =>
  new GitHub({
    apiUrl: double.apiUrl,
    token: double.token,
    repository: 'my-company/golive',
    sleep: (milliseconds) => Promise.resolve(void slept.push(milliseconds)),
    now: () => NOW,
    ...options,
  });

const pullRequest = (rest: Partial<PullRequestDouble> = {}): PullRequestDouble => {
  const made = {
    number: 7,
    base: 'main',
    merged_at: null,
    updated_at: '2026-11-29T00:00:00Z',
    labels: [],
    ...rest,
  };
  double.pullRequests.push(made);
  return made;
};

const loss = (DBName = 'other') =>
  diffOf(
    pair(
      { Resources: { Db: database(), Subnets: subnets() } },
      { Resources: { Db: database({ DBName }), Subnets: subnets() } },
    ),
  );
const input = (...diffs: ReturnType<typeof loss>[]) => ({ diffs, notCompared: [], commit: 'a'.repeat(40) });
const commentOf = (...diffs: ReturnType<typeof loss>[]) =>
  renderComment({ ...input(...diffs), acceptance: 'none' });

beforeEach(async () => {
  double = await GitHubDouble.start();
  slept = [];
});
afterEach(() => double.stop());

describe('GitHub', () => {
  test.each<readonly [string, number, Record<string, string>, number]>([
    ['a secondary limit', 403, { 'retry-after': '7' }, 7000],
    ['too many requests', 429, { 'retry-after': '3' }, 3000],
    [
      'a limit that is used up',
      403,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 + 20) },
      21_000,
    ],
    ['a limit that says nothing', 429, {}, 60_000],
    ['a fault of its own', 502, {}, 1000],
  ])('asks to wait: %s', async (_what, status, headers, waits) => {
    pullRequest();
    double.faults.push({ when: /comments$/, status, headers, times: 1 });
    expect(await findOwnComment(client(), 7)).toBeUndefined();
    expect(slept).toEqual([waits]);
  });

  test('is not asked again where a right is missing, and the message says what to look at', async () => {
    double.faults.push({ when: /comments$/, status: 403, times: 1 });
    const refused = findOwnComment(client(), 7);
    await expect(refused).rejects.toThrow(GitHubRefusedError);
    await expect(refused).rejects.toThrow(/"permissions" allow it/);
    expect(slept).toEqual([]);
  });

  test('that goes on failing, or wants more patience than we have, is given up', async () => {
    double.faults.push({ when: /comments$/, status: 503, times: 99 });
    await expect(findOwnComment(client(), 7)).rejects.toThrow(GitHubUnavailableError);
    expect(double.calls).toHaveLength(5);
    double.faults.splice(0, 1, {
      when: /comments$/,
      status: 403,
      headers: { 'retry-after': '3600' },
      times: 99,
    });
    await expect(findOwnComment(client(), 7)).rejects.toThrow(/run the job again later/);
  });

  test('that answers a POST with a fault is not asked twice: the comment may be there', async () => {
    double.faults.push({ when: /^POST/, status: 502, times: 1, afterwards: true });
    await expect(putComment(client(), 7, 'text', undefined)).rejects.toThrow(/did not say whether it did/);
    expect(double.commentsOf(7)).toHaveLength(1);
  });

  test('that is not there is asked again, and the token is in no error', async () => {
    const { token } = double;
    const away = client({ apiUrl: 'http://127.0.0.1:1' });
    const error = await findOwnComment(away, 7).catch((caught: unknown) => saidBy(caught));
    expect(error).toMatch(/GitHubUnavailableError/);
    expect(error).not.toContain(token);
    const refused = await findOwnComment(client({ token: 'ghs_wrong' }), 7).catch((caught: unknown) =>
      saidBy(caught),
    );
    expect(refused).toMatch(/give the job its GITHUB_TOKEN/);
    expect(refused).not.toContain('ghs_wrong');
  });

  test('sends the token to no other address that a page names', async () => {
    const other = await GitHubDouble.start();
    const pages = new GitHub({
      apiUrl: double.apiUrl,
      token: double.token,
      repository: 'my-company/golive',
      fetch: async (url, init) => {
        const answer = await fetch(url, init);
        const headers = new Headers(answer.headers);
        headers.set('link', `<${other.apiUrl}/repos/my-company/golive/issues/7/comments>; rel="next"`);
        return new Response(await answer.text(), { status: answer.status, headers });
      },
    });
    expect(await findOwnComment(pages, 7)).toBeUndefined();
    expect(other.calls).toEqual([]);
    await other.stop();
  });
});

describe('our comment', () => {
  test('is found on a later page, and is the bot’s: whoever copies it is not us', async () => {
    for (let index = 0; index < 250; index++) double.comment(7, `comment ${index}`, 'somebody', 'User');
    double.comment(7, commentOf(loss()), 'somebody', 'User');
    double.comment(7, commentOf(loss()), 'another-app[bot]', 'Bot');
    expect(await findOwnComment(client(), 7)).toBeUndefined();
    const { id } = double.comment(7, commentOf(loss()));
    expect(await findOwnComment(client(), 7)).toEqual({ id, state: stateOf([loss()]) });
  });

  test('is written once and then in place; anew when somebody deleted it in between', async () => {
    pullRequest();
    await publishComment(client(), 7, input(loss()));
    await publishComment(client(), 7, input(loss('third')));
    expect(double.commentsOf(7)).toHaveLength(1);
    expect(double.commentsOf(7)[0]?.body).toContain('third');
    double.faults.push({ when: /^PATCH/, status: 404, times: 1 });
    await publishComment(client(), 7, input(loss()));
    expect(double.commentsOf(7)).toHaveLength(2);
  });
});

describe('a pull request', () => {
  test('that loses data fails, with exit code 1', async () => {
    pullRequest();
    expect(await publishComment(client(), 7, input(loss()))).toMatchObject({ exitCode: 1 });
  });

  test('whose loss somebody accepted, having seen it, passes', async () => {
    const request = pullRequest();
    await publishComment(client(), 7, input(loss()));
    request.labels.push(ACCEPT_LABEL);
    expect(await publishComment(client(), 7, input(loss()))).toMatchObject({ exitCode: 0 });
    expect(request.labels).toEqual([ACCEPT_LABEL]);
  });

  test('whose list changed since loses the label, and fails again', async () => {
    const request = pullRequest();
    await publishComment(client(), 7, input(loss()));
    request.labels.push('other', ACCEPT_LABEL);
    expect(await publishComment(client(), 7, input(loss('third')))).toMatchObject({ exitCode: 1 });
    expect(request.labels).toEqual(['other']);
    expect(double.commentsOf(7)[0]?.body).toMatch(/has been taken off/);
    // With the label set anew, for what is there now.
    request.labels.push(ACCEPT_LABEL);
    expect(await publishComment(client(), 7, input(loss('third')))).toMatchObject({ exitCode: 0 });
  });

  test('that was accepted before anything could be seen loses the label', async () => {
    const request = pullRequest({ labels: [ACCEPT_LABEL] });
    expect(await publishComment(client(), 7, input(loss()))).toMatchObject({ exitCode: 1 });
    expect(request.labels).toEqual([]);
  });

  test('of which an environment was not compared fails with 2, whatever is accepted', async () => {
    pullRequest();
    const published = await publishComment(client(), 7, {
      ...input(),
      notCompared: [{ environment: 'prod', reason: 'AccessDenied' }],
    });
    expect(published).toMatchObject({
      exitCode: 2,
      verdict: expect.stringContaining('prod (AccessDenied)') as string,
    });
  });

  test('that loses nothing passes', async () => {
    pullRequest();
    expect(await publishComment(client(), 7, input())).toMatchObject({ exitCode: 0 });
  });
});

describe('what a deployment may lose', () => {
  const since = new Date('2026-11-01T00:00:00Z');
  const query = { label: ACCEPT_LABEL, branch: 'main', since };
  const merged = { merged_at: '2026-11-20T00:00:00Z', labels: [ACCEPT_LABEL] };

  test('is what stood in the comment of a merged pull request with the label', async () => {
    pullRequest(merged);
    double.comment(7, commentOf(loss()));
    expect([...(await acceptedFindings(client(), query)).keys()]).toEqual(stateOf([loss()]).findings);
  });

  test.each<readonly [string, Partial<PullRequestDouble>]>([
    ['without the label', { labels: [] }],
    ['that was closed and not merged', { merged_at: null }],
    ['into another branch', { base: 'feature' }],
    ['that was merged long ago', { merged_at: '2026-10-01T00:00:00Z' }],
  ])('is not that of one %s', async (_which, rest) => {
    pullRequest({ ...merged, ...rest });
    double.comment(7, commentOf(loss()));
    expect((await acceptedFindings(client(), query)).size).toBe(0);
  });

  test('is not what somebody wrote who is not the workflow', async () => {
    pullRequest(merged);
    double.comment(7, commentOf(loss()), 'somebody', 'User');
    expect((await acceptedFindings(client(), query)).size).toBe(0);
  });
});
