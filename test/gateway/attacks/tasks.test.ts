import { beforeAll, describe, expect, it } from "vitest";
import { rememberTask } from "#gateway/proxy/handle/known-tasks.ts";
import { createToken } from "../../harness/orgs.ts";
import {
  type Behind,
  behindGateway,
  result,
  type Server,
  send,
  serveHosts,
  toolCall,
} from "../proxy/handle/gateway-kit.ts";
import { VERSION } from "./sessions.ts";

beforeAll(serveHosts);

/** Knows one client: the gateway. */
function taskServer(): Server {
  const tasks: { taskId: string; status: string }[] = [];
  return async (request) => {
    const { id, method, params } = (await request.json()) as {
      id: number;
      method: string;
      params: { taskId: string };
    };
    if (method === "tasks/list") return json(result(id, { tasks }));
    if (method === "tasks/get") return json(result(id, { ...params, status: "working" }));
    const task = { taskId: crypto.randomUUID(), status: "working" };
    tasks.push(task);
    return json(result(id, { task }));
  };
}

function json(text: string): Response {
  return new Response(text, { headers: { "content-type": "application/json" } });
}

async function beginTask(behind: Behind, token = behind.token): Promise<string> {
  const answer = await send(behind, toolCall("work"), { headers: VERSION, token });
  const { result: begun } = (await answer.json()) as { result: { task: { taskId: string } } };
  return begun.task.taskId;
}

async function ask(behind: Behind, method: string, params: object = {}, token = behind.token) {
  const request = { jsonrpc: "2.0", id: 2, method, params };
  const answer = await send(behind, request, { headers: VERSION, token });
  return (await answer.json()) as { result?: { tasks?: { taskId: string }[]; status?: string } };
}

describe("Tasks", () => {
  it("are listed to who began them, and to nobody else", async () => {
    const behind = await behindGateway(taskServer());
    const bob = (await createToken(behind.org, ["tools:call"], { actor: "user:bob@acme" })).token;
    const [alices, bobs] = [await beginTask(behind), await beginTask(behind, bob)];
    const listed = async (token: string) =>
      (await ask(behind, "tasks/list", {}, token)).result?.tasks?.map(({ taskId }) => taskId);
    expect(await listed(behind.token)).toEqual([alices]);
    expect(await listed(bob)).toEqual([bobs]);
  });

  it("are their owner's for all who ask at once where no isolate remembers them", async () => {
    const behind = await behindGateway(taskServer());
    const taskId = await beginTask(behind);
    // What this isolate knows makes room.
    for (let other = 0; other < 8_192; other += 1) rememberTask(`other ${other}`);
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => ask(behind, "tasks/get", { taskId })),
    );
    expect(answers.map((answer) => answer.result?.status)).toEqual(Array(4).fill("working"));
  });
});
