import { templatesOf } from '../support/synthesis';
test('look', () => {
  const { Alerting } = templatesOf('prod') as unknown as Record<
    string,
    { toJSON(): { Resources: Record<string, { Type: string }> } }
  >;
  const out = Alerting!.toJSON();
  require('node:fs').writeFileSync('/tmp/alerting-prod.json', JSON.stringify(out, null, 1));
  expect(Object.keys(out.Resources).length).toBeGreaterThan(10);
});
