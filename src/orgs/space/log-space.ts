/** What became of the largest org of a full shard, as Workers Logs have it: once as it begins and once as it ends. */
export function logSpace(
  event: string,
  { org, shard, percent }: { org: string; shard: string; percent: number },
): void {
  // biome-ignore lint/suspicious/noConsole: Workers Logs is the only place to send this to
  console.warn(JSON.stringify({ level: "warn", job: "space", event, org, shard, percent }));
}
