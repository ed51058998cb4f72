import { beforeAll, describe, expect, it } from "vitest";
import { requireStatus } from "../../harness/answers.ts";
import { call } from "../../harness/deployment.ts";
import {
  type Behind,
  behindGateway,
  recordOf,
  result,
  type Server,
  send,
  serveHosts,
  toolCall,
} from "../proxy/handle/gateway-kit.ts";

beforeAll(serveHosts);

const answeringBatches: Server = async (request) => {
  const sent = (await request.json()) as { id: unknown } | { id: unknown }[];
  const answers = [sent].flat().map(({ id }) => JSON.parse(result(id)) as object);
  return Response.json(Array.isArray(sent) ? answers : answers[0]);
};

/** A caller that may send so many requests a minute. */
async function limited(requests: number): Promise<Behind> {
  const behind = await behindGateway(answeringBatches);
  const limits = { requests_per_minute: requests };
  await requireStatus(200, call("PATCH", `/v1/orgs/${behind.org}`, { body: { limits } }));
  return behind;
}

describe("A caller's budget", () => {
  it.each(["GET", "DELETE"])("is not passed by with %s", async (method) => {
    const behind = await limited(1);
    expect((await send(behind, toolCall("read"))).status).toBe(200);
    const headers = { "mcp-protocol-version": "2025-11-25" };
    const answer = await call(method, behind.path, { token: behind.token, headers });
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(behind.received).toHaveLength(1);
  });

  it("is spent by each message of a batch, of which nothing is sent where it does not suffice", async () => {
    const behind = await limited(3);
    const batch = (size: number) =>
      send(
        behind,
        Array.from({ length: size }, (_, id) => toolCall("read", id)),
      );
    expect(await (await batch(2)).json()).toHaveLength(2);
    const refused = (await (await batch(2)).json()) as { error: { code: number } }[];
    expect(refused.map(({ error }) => error.code)).toEqual([-31002, -31002]);
    expect(behind.received).toHaveLength(1);
    const { samples } = await recordOf(behind.org, 4);
    const limitedOnes = samples.filter(({ error_code }) => error_code === "rate_limited");
    expect(limitedOnes).toHaveLength(2);
  });
});
