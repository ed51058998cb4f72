/** What a body says that it is. Parameters, such as a charset, say nothing of it (mcp.md §3, 26). */

export function isJson(headers: Headers): boolean {
  return mediaType(headers) === "application/json";
}

export function isEventStream({ headers }: { headers: Headers }): boolean {
  return mediaType(headers) === "text/event-stream";
}

function mediaType(headers: Headers): string {
  const [type = ""] = (headers.get("content-type") ?? "").split(";", 1);
  return type.trim().toLowerCase();
}
