import { actionFor, type Action, type Rule } from '../../../local/edge/rules';

const named = (body: string): Action => ({ kind: 'answer', status: 200, contentType: 'text/plain', body });
const rule = (body: string, priority: number, ...values: string[]): Rule => ({
  priority,
  conditions: [{ field: 'path-pattern', values }],
  action: named(body),
});

describe('which rule a request is for', () => {
  const rules = [rule('frontend', 1000, '/*'), rule('gateway', 100, '/api/*', '/v?/status')];
  const chosen = (url: string, host = 'localhost:8080') => {
    const action = actionFor({ url, headers: { host } }, rules, named('nobody'));
    return action.kind === 'answer' && action.body;
  };

  test.each([
    ['/api/v1/projects', 'gateway'],
    ['/api/', 'gateway'],
    ['/v1/status', 'gateway'],
    ['/api/v1?next=/', 'gateway'],
    ['/api', 'frontend'],
    ['/API/v1', 'frontend'],
    ['/v12/status', 'frontend'],
    ['/?path=/api/v1', 'frontend'],
    ['/%61pi/v1', 'frontend'],
    ['/xapi/v1', 'frontend'],
  ])('%s is for the %s', (url, service) => {
    expect(chosen(url)).toBe(service);
  });

  test('what no rule is for is the default’s', () => {
    expect(actionFor({ url: '/', headers: {} }, [rule('a', 1, '/a')], named('nobody'))).toEqual(
      named('nobody'),
    );
  });

  test('all conditions must hold, and hosts are without capital letters and port', () => {
    const both: Rule = {
      ...rule('domain', 1, '/*'),
      conditions: [
        { field: 'host-header', values: ['*.GoLive.example'] },
        { field: 'path-pattern', values: ['/*'] },
      ],
    };
    const forHost = (host: string) => actionFor({ url: '/', headers: { host } }, [both], named('nobody'));
    expect(forHost('WWW.golive.EXAMPLE:443')).toEqual(named('domain'));
    expect(forHost('golive.example')).toEqual(named('nobody'));
    expect(forHost('wwwXgoliveXexample')).toEqual(named('nobody'));
  });
});
