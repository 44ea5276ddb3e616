import { allowedReplayEvent } from '../../../services/frontend/src/sentry/replay-event';

describe("Sentry's account of a replay", () => {
  it('holds what a replay is found by, and nothing of the person or of the browser', () => {
    const event = {
      type: 'replay_event',
      event_id: 'e1',
      timestamp: 2,
      replay_id: 'r1',
      replay_type: 'buffer',
      replay_start_timestamp: 1,
      segment_id: 0,
      error_ids: ['x'],
      trace_ids: ['t'],
      urls: ['https://golive.example/sign-in?return=/private#there', 'https://golive.example/'],
      environment: 'test',
      release: '1.2.3',
      platform: 'javascript',
      user: { email: 'ada@golive.example', ip_address: '203.0.113.7' },
      request: {
        url: 'https://golive.example/?token=secret',
        headers: { Cookie: 'a=b', 'User-Agent': 'Browser' },
      },
      contexts: { culture: { timezone: 'Europe/London' } },
      tags: { who: 'ada@golive.example' },
    };
    expect(allowedReplayEvent(event)).toEqual({
      type: 'replay_event',
      event_id: 'e1',
      timestamp: 2,
      replay_id: 'r1',
      replay_type: 'buffer',
      replay_start_timestamp: 1,
      segment_id: 0,
      error_ids: ['x'],
      trace_ids: ['t'],
      urls: ['https://golive.example/sign-in', 'https://golive.example/'],
      environment: 'test',
      release: '1.2.3',
      platform: 'javascript',
    });
  });
});
