/** Bodies over a few connections, for us and for what stands beside us: each is taken whole, or this throws. */
import type { HttpClient } from "../../harness/http-client.ts";

export const POSTING_CONNECTIONS = 4;

export interface PostTarget {
  path: string;
  contentType: string;
}

/** Milliseconds until all were acknowledged. */
export async function postBodies(
  client: HttpClient,
  { path, contentType }: PostTarget,
  bodies: readonly (string | Uint8Array)[],
): Promise<number> {
  const startedAt = performance.now();
  let next = 0;
  const connection = async () => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
      const headers = { "content-type": contentType };
      const answer = await client.send("POST", path, { body, headers });
      const isWhole = !answer.body.includes("ejected") || answer.body.includes('"rejected":[]');
      if (answer.status !== 200 || !isWhole) throw new Error(`${answer.status} ${answer.body}`);
    }
  };
  await Promise.all(Array.from({ length: POSTING_CONNECTIONS }, connection));
  return performance.now() - startedAt;
}
