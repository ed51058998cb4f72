/** JSON Schema of a time in a request. */
export const TIMESTAMP = {
  type: ["string", "integer"],
  description: "RFC 3339 date-time, or integer epoch milliseconds",
};
