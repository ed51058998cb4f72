import { describe, expect, it } from "vitest";
import { appendEvents, auditEntries, EVENT, postEvents } from "../audit/audit-client.ts";
import { problemOf } from "../harness/answers.ts";
import { call } from "../harness/deployment.ts";
import { createToken, makeOrg } from "../harness/orgs.ts";
import { SECRETS } from "./secrets.ts";

interface Change {
  from: string;
  to: string;
}

const path = (org: string) => `/v1/orgs/${org}/redaction`;
const DEFAULTS = { detect_secrets: true, redact_details: false, rules: [] };

async function put(org: string, body: unknown): Promise<Response> {
  return call("PUT", path(org), { body });
}

async function shown(org: string): Promise<unknown> {
  return (await call("GET", path(org))).json();
}

describe("What an org has redacted", () => {
  it("is secrets in payloads, until it says otherwise", async () => {
    expect(await shown(await makeOrg())).toEqual(DEFAULTS);
  });

  it("is replaced as a whole, on the record, with what it was", async () => {
    const org = await makeOrg();
    const rules = [
      { plugin: "github", tool: "cafe\u0301", fields: ["request"], paths: ["$.a", "$..b[*]"] },
      { paths: ["$['c d']"] },
    ];
    const answer = await put(org, { redact_details: true, rules });
    const after = {
      ...{ detect_secrets: true, redact_details: true },
      rules: [{ ...rules[0], tool: "caf\u00e9" }, rules[1]],
    };
    expect([answer.status, await answer.json()]).toEqual([200, after]);
    expect(await shown(org)).toEqual(after);
    expect(await (await put(org, {})).json()).toEqual(DEFAULTS);
    const entries = await auditEntries(org, "?action=operator.redaction.updated");
    expect(entries).toHaveLength(2);
    const details = entries.map(({ event }) => event.details as unknown as Change);
    expect(details[0]!.from).toBe(details[1]!.to);
    expect(JSON.parse(details[1]!.to)).toMatchObject({ redactsDetails: true });
    expect(entries[0]!.event).toMatchObject({
      actor: "operator:admin",
      target: `redaction://${org}`,
    });
  });

  it("is no deed where nothing changes", async () => {
    const org = await makeOrg();
    for (const body of [{}, DEFAULTS]) expect((await put(org, body)).status).toBe(200);
    expect(await auditEntries(org, "?action=operator.redaction.updated")).toEqual([]);
  });

  it("is one of concurrent changes at a time: each was made on what its entry says it was", async () => {
    const org = await makeOrg();
    const bodies = Array.from({ length: 6 }, (_, at) => ({ rules: [{ paths: [`$.p${at}`] }] }));
    const answers = await Promise.all(bodies.map((body) => put(org, body)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status !== 200 && status !== 409)).toEqual([]);
    const entries = await auditEntries(org, "?action=operator.redaction.updated");
    expect(entries).toHaveLength(statuses.filter((status) => status === 200).length);
    const changes = entries.map(({ event }) => event.details as unknown as Change);
    const ends = changes.map(({ to }) => to);
    expect(new Set(changes.map(({ from }) => from)).size).toBe(changes.length);
    expect(ends.map((to) => JSON.parse(to).rules)).toContainEqual(
      ((await shown(org)) as { rules: unknown }).rules,
    );
  });

  it.each([
    [{ rules: [{ paths: ["$.a", "$[?@.b]"] }] }, "/rules/0/paths/1"],
    [{ rules: [{ paths: [] }] }, "/rules/0/paths"],
    [{ rules: [{}] }, "/rules/0/paths"],
    [{ rules: [{ paths: ["$"], fields: ["headers"] }] }, "/rules/0/fields/0"],
    [{ rules: [{ paths: ["$"], plugin: "" }] }, "/rules/0/plugin"],
    [{ rules: [{ paths: ["$"], plugins: "a" }] }, "/rules/0/plugins"],
    [{ rules: [{ paths: Array(40).fill("$.a") }, { paths: Array(25).fill("$.b") }] }, "/rules"],
    [{ detect_secrets: "no" }, "/detect_secrets"],
    [{ other: 1 }, "/other"],
  ])("is not %j: 400 at %s, and nothing is changed", async (body, pointer) => {
    const org = await makeOrg();
    const { code, errors } = await problemOf(await put(org, body));
    expect([code, errors?.map((error) => error.pointer)]).toEqual(["invalid_request", [pointer]]);
    expect(await shown(org)).toEqual(DEFAULTS);
  });

  it("is its admin's to see and to change", async () => {
    const org = await makeOrg();
    const { token } = await createToken(org, ["audit:read", "payloads:read", "payloads:grant"]);
    expect((await call("GET", path(org), { token })).status).toBe(403);
    expect((await call("PUT", path(org), { token, body: {} })).status).toBe(403);
  });
});

describe("The details of reported events", () => {
  const [, secret] = SECRETS[0]!;
  const details = { note: `with ${secret}`, email: "a@b.c", ok: true, none: null };

  async function appended(org: string, ...events: object[]): Promise<unknown[]> {
    await appendEvents(
      org,
      events.map((event) => ({ ...EVENT, ...event })),
    );
    const entries = await auditEntries(org, "?action=tool.call.allowed&order=asc");
    return entries.map(({ event }) => event.details);
  }

  it("are appended as they were sent, until the org has them redacted", async () => {
    expect(await appended(await makeOrg(), { details })).toEqual([details]);
  });

  it("lose secrets, and what paths for their tool lead to, before they are hashed", async () => {
    const org = await makeOrg();
    const rules = [
      { plugin: "crm", paths: ["$.email"] },
      { tool: "find", fields: ["request"], paths: ["$.ok"] },
      { plugin: "wiki", paths: ["$"] },
      { plugin: "crm", workspace: "prod", paths: ["$.none"] },
    ];
    await put(org, { redact_details: true, rules });
    const clean = { ...details, note: "with [redacted:github]" };
    expect(
      await appended(
        org,
        { details, target: "tool://crm/find", workspace: "test" },
        { details, target: "tool://crm/find", workspace: "prod" },
        { details, target: "tool://mail/find" },
        { details, target: "tool://wiki/find" },
        { details: null, target: "tool://wiki/find" },
        { details: { [`a.${secret.toLowerCase()}`.slice(0, 64)]: "a name is no place for one" } },
      ),
    ).toEqual([
      { ...clean, email: "[redacted]" },
      { ...clean, email: "[redacted]", none: "[redacted]" },
      clean,
      { redacted: "[redacted]" },
      null,
      expect.anything(),
    ]);
  });

  it("are known again when the event is sent again", async () => {
    const org = await makeOrg();
    await put(org, { redact_details: true });
    const event = { ...EVENT, event_id: crypto.randomUUID(), details };
    const [first] = await appendEvents(org, [event]);
    expect(await appendEvents(org, [event])).toEqual([first]);
    const other = { ...event, details: { ...details, email: "other" } };
    expect((await postEvents(org, [other])).status).toBe(409);
  });
});
