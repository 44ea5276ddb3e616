/**
 * Spans that the collector could not get rid of. They are lost: nothing keeps them.
 *
 * The name is as the collector shows it when told `without_type_suffix`; by default releases differ in whether it ends in
 * `_total`, and an alarm on the other name would stay quiet for ever.
 */
export const SPANS_LOST = 'otelcol_exporter_send_failed_spans';

/** What the collector says of itself, of which alarms and dashboards know. */
export const COLLECTOR_METRICS = [SPANS_LOST, 'otelcol_exporter_sent_spans'] as const;
