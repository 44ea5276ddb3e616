/** One figure about one secret, in the words of CloudWatch's embedded metric format. */
export interface SecretMetric {
  readonly name: SecretMetricName;
  /** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html */
  readonly unit: 'Count' | 'Seconds';
  readonly value: number;
  /** The short name, as a dimension. */
  readonly secret: string;
}

export type SecretMetricName =
  /** Answers from memory since the last read was tried. */
  | 'SecretCacheHits'
  /** Callers that had to wait for a read, since the last one was tried. */
  | 'SecretCacheMisses'
  /** Callers that got a copy older than the cache's life, because no newer one could be had. */
  | 'SecretStaleServes'
  /** A read that failed, or brought something that the schema refuses; 0 for one that worked. */
  | 'SecretRefreshFailures'
  /** How long ago the copy in memory was last known to be the current version. */
  | 'SecretCacheAge'
  /** How old the version itself is: what rotation is to keep low. */
  | 'SecretVersionAge';

/** Where a client says what happens. Gets names, versions and errors; never a value. */
export interface SecretsLog {
  info(message: string, fields: Record<string, unknown>): void;
  warn(message: string, fields: Record<string, unknown>): void;
}
