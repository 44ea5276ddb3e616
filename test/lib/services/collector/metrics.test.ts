import { GATEWAY_METRICS } from '../../../../lib/services/gateway';
import { gatewayMetrics } from '../../../../services/gateway/src/metrics/metrics';

test('every metric of the gateway that is kept is one that the gateway shows', async () => {
  const { registry } = gatewayMetrics({ waitingForDatabase: () => 0, isCacheReady: () => true });
  const shown = (await registry.getMetricsAsJSON()).map(({ name }) => name);

  expect(shown.length).toBeGreaterThan(10);
  expect(GATEWAY_METRICS.filter((name) => !shown.includes(name))).toEqual([]);
});
