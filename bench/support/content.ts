/** What pg_dump reads. On disk, with a row's header, both have rows of 0.25 kB. */
export const CONTENT = {
  /** Half of it is hashes: an archive that is large for its database is what a stream finds hard. */
  text: `SELECT i AS id, timestamptz '2026-01-01' + i * interval '1 second' AS placed_at,
      'customer-' || i % 10000 AS customer, (i % 9973) / 100.0 AS amount,
      encode(sha512(i::text::bytea), 'hex') AS reference,
      'Parcel ' || i % 100 || ', to the back door' AS note`,
  /** Nothing to compress: also the archive of a small database fills all the buffers. */
  noise: `SELECT i AS id, sha512(i::text::bytea) AS a, sha512((-i)::text::bytea) AS b, sha512((0.5 + i)::text::bytea) AS c`,
};
/** What a row of either takes, bytes. */
export const ROW_BYTES = 245;
