import { blake3 } from "@noble/hashes/blake3.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { ingest, makeSample } from "../harness/calls.ts";
import { call } from "../harness/deployment.ts";
import { SECRETS } from "../redaction/secrets.ts";
import { makeCapturingOrg, payloadOf } from "./captured.ts";

const [, secret] = SECRETS[0]!;

async function kept(org: string, sample: object) {
  const id = makeSample({})["id"] as string;
  await ingest(org, [makeSample({ ...sample, id })]);
  return payloadOf(org, id);
}

describe("A reported payload", () => {
  it("loses what looks like a secret before it is sealed, wherever it stands, unless the org says otherwise", async () => {
    const org = await makeCapturingOrg();
    const request = {
      token: secret,
      nested: JSON.stringify({ a: [secret] }),
      b64: btoa(secret),
      n: 1,
    };
    expect(
      await kept(org, { request_payload: request, response_payload: `got ${secret}` }),
    ).toMatchObject({
      request: {
        token: "[redacted:github]",
        nested: '{"a":["[redacted:github]"]}',
        b64: "[redacted]",
        n: 1,
      },
      response: "got [redacted:github]",
    });
    await call("PUT", `/v1/orgs/${org}/redaction`, { body: { detect_secrets: false } });
    expect((await kept(org, { request_payload: request })).request).toEqual(request);
  });

  it("loses what paths lead to, of the tools and fields that they are for", async () => {
    const org = await makeCapturingOrg();
    const rules = [
      { plugin: "github", paths: ["$..password"] },
      { tool: "list_repos", fields: ["response"], paths: ["$.content[*].text.email"] },
    ];
    await call("PUT", `/v1/orgs/${org}/redaction`, { body: { rules } });
    const carried = { password: "p", content: [{ text: '{"email":"a@b.c","n":1}' }] };
    const sample = { request_payload: carried, response_payload: carried };
    const clean = { ...carried, password: "[redacted]" };
    expect(await kept(org, { plugin: "github", tool: "list_repos", ...sample })).toMatchObject({
      request: clean,
      response: { ...clean, content: [{ text: '{"email":"[redacted]","n":1}' }] },
    });
    expect(await kept(org, { plugin: "other", tool: "other", ...sample })).toMatchObject({
      request: carried,
      response: carried,
    });
  });

  it("that is cut has no half of a secret at its end, and tells of the whole without it", async () => {
    const org = await makeCapturingOrg();
    const long = `${"word ".repeat(60_000)}${secret} end`;
    const { response, cut } = await kept(org, { response_payload: long });
    const redacted = JSON.stringify(long).replace(secret, "[redacted:github]");
    const known = new TextEncoder().encode(redacted);
    expect(cut.response).toEqual({ bytes: known.length, blake3: bytesToHex(blake3(known)) });
    expect(JSON.stringify(long).startsWith(response as string)).toBe(true);
    const rules = [{ paths: ["$.a"] }];
    await call("PUT", `/v1/orgs/${org}/redaction`, { body: { rules } });
    const longer = { a: 1, b: "word ".repeat(150_000) };
    const second = await kept(org, { response_payload: longer });
    expect(second.response).toBe('"[redacted]"');
    expect(second.cut.response?.bytes).toBe(JSON.stringify(longer).length);
  });

  it("that is cut within a secret keeps nothing of it", async () => {
    const org = await makeCapturingOrg();
    for (const before of [262_110, 524_280]) {
      const text = `${"x ".repeat(before / 2)}${secret}${" y".repeat(before)}`;
      const { response } = await kept(org, { response_payload: text });
      expect(response).not.toContain("ghp_");
    }
  });
});
