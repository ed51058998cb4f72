/**
 * Ids of arrivals, in whose order they are counted: that in which they became durable. A UUIDv7 is made before its
 * transaction, by a clock of many, so one that is not behind all that are there gets the newest one's with a number
 * behind it. So whoever counts the oldest so many counts again whatever an answer has counted that had them all.
 *
 * What is rewritten out of several has the oldest one's id, or that with a hyphen behind it, which comes before digits:
 * it stands before all that came later than the oldest.
 */

/** SQL for the id of an arrival of org ?1 that is now written; `id` is the UUIDv7 that it would have. */
export const nextArrivalId = (id: string) => `(SELECT
  iif(newest IS NULL OR ${id} > newest, ${id},
    substr(newest, 1, 36) || printf('%08d', max(0, CAST(substr(newest, 37) AS INTEGER)) + 1))
  FROM (SELECT max(id) AS newest FROM arrivals WHERE org = ?1))`;
