/**
 * `http.request.method` of OpenTelemetry's semantic conventions (docs/http/http-spans.md "Name" and
 * "HTTP request method"): a method that is not known is `_OTHER`, for anybody may send any.
 */
const KNOWN = new Set([
  "CONNECT",
  "DELETE",
  "GET",
  "HEAD",
  "OPTIONS",
  "PATCH",
  "POST",
  "PUT",
  "QUERY",
  "TRACE",
]);

export interface MethodOfSpan {
  /** The span's name, or the first word of it. */
  readonly name: string;
  readonly attributes: readonly (readonly [string, string])[];
}

export function methodOf(method: string): MethodOfSpan {
  if (KNOWN.has(method)) return { name: method, attributes: [["http.request.method", method]] };
  return { name: "HTTP", attributes: [["http.request.method", "_OTHER"]] };
}
