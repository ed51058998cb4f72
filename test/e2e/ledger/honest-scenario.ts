/** The real `verify`, with one state file through all that happens to an honest log. */
import { join } from "node:path";
import type { Runtime } from "../../harness/runtime.ts";
import { newFolder } from "../../harness/state-folder.ts";
import type { Checks } from "../checks.ts";
import { ORG, type VerifyTerms, verify } from "./attack-site.ts";
import { EventSource } from "./events.ts";
import { LogClient } from "./log-client.ts";

const CLIENTS = 8;
const BATCHES = 5;

export async function runHonestScenario(
  start: () => Promise<Runtime>,
  tokenPath: string,
  checks: Checks,
): Promise<void> {
  const runtime = await start();
  await runtime.makeOrg(ORG);
  const client = new LogClient(runtime, ORG);
  const events = new EventSource(5);
  const kept = await newFolder();
  let terms = { tokenPath, vkey: await vkeyOf(client), statePath: join(kept, "state.json") };
  const step = async (what: string, happen: () => Promise<unknown>) => {
    await happen();
    await client.sign();
    await expectVerified(checks, `after ${what}`, runtime, terms);
  };
  const prune = () => runtime.json("POST", `/ledger/prune?org=${ORG}`);
  const ring = () => runtime.json("POST", `/ledger/ring?org=${ORG}`);

  await step("appends at once", () => appendAtOnce(client, events));
  await step("a hold under which nothing is pruned", async () => {
    const { id } = await runtime.json<{ id: string }>("POST", `${client.path}/holds`, {
      reason: "a case",
    });
    checks.equal("a hold keeps all there is", await prune(), { answer: "held" });
    await runtime.send("DELETE", `${client.path}/holds/${id}`);
  });
  await step("a rotation", () => client.rotate());
  await step("a pruning that is announced", prune);
  await ring();
  await step("a pruning that is done, with the rotation among it", () =>
    appendAtOnce(client, events),
  );
  await step("a kill", async () => {
    await Promise.all([appendAtOnce(client, events), runtime.kill()]);
  });
  await step("another rotation and an export", async () => {
    await client.rotate();
    await runtime.send("GET", `${client.path}/export`);
  });
  await runtime.json("POST", `/ledger/freeze?org=${ORG}`);
  await expectVerified(checks, "frozen", runtime, terms);
  await runtime.json("POST", `${client.path}/recover`, { reason: "a test" });
  await expectVerified(checks, "once it is succeeded", runtime, terms);
  terms = { tokenPath, vkey: await vkeyOf(client), statePath: join(kept, "state-2.json") };
  await step("a recovery, in the successor", () => client.append(events.events(3)));
}

async function appendAtOnce(client: LogClient, events: EventSource): Promise<void> {
  const write = async () => {
    for (let batch = 0; batch < BATCHES; batch += 1) {
      await client.append(events.events(events.pick([1, 3, 20])));
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, write));
}

async function vkeyOf({ runtime, path }: LogClient): Promise<string> {
  const { keys } = await runtime.json<{ keys: { vkey: string }[] }>("GET", `${path}/keys`);
  return keys.at(-1)?.vkey ?? "";
}

async function expectVerified(
  checks: Checks,
  when: string,
  runtime: Runtime,
  terms: VerifyTerms,
): Promise<void> {
  const { exit_code: exit, findings, entries } = await verify(runtime, terms);
  const problems = exit === 0 ? [] : [JSON.stringify(findings)];
  checks.report(
    `honest and VERIFIED: ${when}`,
    problems,
    `${entries.from_seq} to ${entries.to_seq}`,
  );
}
