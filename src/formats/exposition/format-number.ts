/**
 * A sample value, for OpenMetrics 1.0 "ABNF" (`realnumber`) and for Go's strconv.ParseFloat, which
 * reads text 0.0.4. ECMAScript's shortest round-trip form fits both (`1e-7`, `1e+21`), and writes
 * integers up to 2^53 without a dot, as OpenMetrics asks of counts. Only infinities differ.
 */
export function formatValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return `${value}`;
}

/**
 * A bucket bound as an `le` label value: C's and Go's `%g` with a dot (OpenMetrics 1.0
 * "Considerations: Canonical Numbers"): `0.00390625`, `64.0`, `1e-05`, `1e+06`, `+Inf`.
 *
 * Text 0.0.4 gets the same form: Prometheus makes it from protobuf and OpenMetrics, and a label
 * value that changed with the negotiated format would split each bucket into two series.
 */
export function formatBound(bound: number): string {
  if (!Number.isFinite(bound)) return formatValue(bound);
  const [mantissa = "", exponentText = "0"] = bound.toExponential().split("e");
  const exponent = Number(exponentText);
  // `%g` at its shortest turns to exponents below 1e-4 and from 1e6 on.
  if (exponent < -4 || exponent >= 6) return `${mantissa}e${formatExponent(exponent)}`;
  const plain = `${bound}`;
  return plain.includes(".") ? plain : `${plain}.0`;
}

/** C and Go write an exponent with its sign and at least two digits. */
function formatExponent(exponent: number): string {
  return `${exponent < 0 ? "-" : "+"}${`${Math.abs(exponent)}`.padStart(2, "0")}`;
}
