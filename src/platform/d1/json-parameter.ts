/**
 * Rows travel to D1 as one bound JSON array a statement, read back by `jsonb_each`: D1 takes 100
 * parameters a statement, and a statement a row costs ten times as much.
 */

/** D1 refuses a bound value over 2,000,000 bytes (local D1 does not); the rest is headroom. */
export const PARAMETER_BYTES_MAX = 1_900_000;

/** A UTF-16 code unit takes at most three bytes of UTF-8. */
const BYTES_PER_UNIT_MAX = 3;

/** JSON arrays of the rows (each JSON already), in order, each array small enough to bind. */
export function jsonParameters(rows: readonly string[]): string[] {
  const whole = `[${rows.join(",")}]`;
  if (whole.length * BYTES_PER_UNIT_MAX <= PARAMETER_BYTES_MAX) return rows.length ? [whole] : [];
  return packed(rows);
}

function packed(rows: readonly string[]): string[] {
  const parameters: string[] = [];
  let start = 0;
  let bytes = 2;
  rows.forEach((row, index) => {
    const rowBytes = utf8Bytes(row) + 1;
    if (bytes + rowBytes > PARAMETER_BYTES_MAX && index > start) {
      parameters.push(`[${rows.slice(start, index).join(",")}]`);
      start = index;
      bytes = 2;
    }
    bytes += rowBytes;
  });
  parameters.push(`[${rows.slice(start).join(",")}]`);
  return parameters;
}

const encoder = new TextEncoder();

export function utf8Bytes(text: string): number {
  return encoder.encode(text).length;
}

/** Whether the text is surely small enough to bind, without encoding it in the usual case. */
export function fitsParameter(text: string): boolean {
  return (
    text.length * BYTES_PER_UNIT_MAX <= PARAMETER_BYTES_MAX ||
    (text.length <= PARAMETER_BYTES_MAX && utf8Bytes(text) <= PARAMETER_BYTES_MAX)
  );
}
