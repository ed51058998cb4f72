import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makeOrg } from "../../harness/orgs.ts";
import {
  ask,
  callerOf,
  makeIssuer,
  pathOf,
  serveIssuers,
  signedToken,
  type TestIssuer,
  trust,
} from "./issuer-kit.ts";

let org: string;
let issuer: TestIssuer;

beforeEach(async () => {
  serveIssuers();
  org = await makeOrg();
  issuer = await makeIssuer();
  await trust(org, issuer);
});
afterEach(() => vi.restoreAllMocks());

describe("An actor", () => {
  async function actorOf(terms: object, claims: Record<string, unknown>): Promise<string | number> {
    await trust(org, issuer, terms);
    const answer = await ask(pathOf(org), { token: await signedToken(issuer, org, claims) });
    return answer.status === 200 ? (await callerOf(answer)).actor : answer.status;
  }

  it("is no e-mail that its issuer did not verify, nor is that among the tags", async () => {
    const email = "ceo@acme.example.com";
    for (const email_verified of [false, undefined, null, "true", 1]) {
      const claims = { email, email_verified };
      expect(await actorOf({ actor_claim: "email", actor_prefix: "user:" }, claims)).toBe(401);
      await trust(org, issuer);
      const { tags } = await callerOf(
        ask(pathOf(org), { token: await signedToken(issuer, org, claims) }),
      );
      expect(tags).toEqual({ sub: "alice" });
    }
    const verified = { email, email_verified: true };
    expect(await actorOf({ actor_claim: "email", actor_prefix: "user:" }, verified)).toBe(
      `user:${email}`,
    );
  });

  it("is nobody of ours, whatever its subject is called", async () => {
    const id = "0123456789abcdef";
    for (const sub of ["operator:admin", "ledger:x", `service:${id}`, "operator:system"]) {
      expect(await actorOf({}, { sub })).toBe(`user:${issuer.url}#${sub}`);
      expect(await actorOf({ actor_prefix: "user:" }, { sub })).toBe(`user:${sub}`);
    }
    for (const sub of [id, id.toUpperCase()]) {
      expect(await actorOf({ actor_prefix: "service:" }, { sub })).toBe(401);
    }
    expect(await actorOf({ actor_prefix: "service:01234567" }, { sub: "89abcdef" })).toBe(401);
    expect(await actorOf({ actor_prefix: "service:" }, { sub: "gateway-1" })).toBe(
      "service:gateway-1",
    );
  });

  it.each([
    "a\nb",
    "a\u0000b",
    "a\u0085b",
    "a\u202Eb",
    "a\u200Bb",
    "a\uFEFFb",
    "a\u2028b",
    "\ud800",
    " a",
    "a ",
    "",
    "x".repeat(257),
    7,
    null,
    ["a"],
    { a: 1 },
  ])("is no name that is not one: %j", async (sub) => {
    expect(await actorOf({}, { sub })).toBe(401);
    const claims = { name: sub };
    expect(await actorOf({ actor_claim: "name", actor_prefix: "user:" }, claims)).toBe(401);
  });

  it("has 256 characters at most, its prefix or issuer among them, in NFC", async () => {
    const room = 256 - `user:${issuer.url}#`.length;
    expect(await actorOf({}, { sub: "x".repeat(room + 1) })).toBe(401);
    expect(await actorOf({}, { sub: "x".repeat(room) })).toHaveLength(256);
    expect(await actorOf({ actor_prefix: "user:" }, { sub: "Zoe\u0308" })).toBe("user:Zo\u00eb");
  });

  it("is named by a claim that is there, not by what every object has", async () => {
    for (const actor_claim of ["constructor", "__proto__", "toString", "absent"]) {
      expect(await actorOf({ actor_claim, actor_prefix: "user:" }, {})).toBe(401);
    }
  });

  it("of two issuers that name the same subject are two", async () => {
    const other = await makeIssuer();
    const mine = await actorOf({}, { sub: "alice" });
    await trust(org, other);
    const theirs = await callerOf(ask(pathOf(org), { token: await signedToken(other, org) }));
    expect(theirs.actor).not.toBe(mine);
    expect(theirs.principalKey).not.toBe(`jwt:${issuer.url}#alice`);
  });
});

describe("Groups", () => {
  const groupsOf = async (claims: Record<string, unknown>) => {
    await trust(org, issuer, { groups_claim: "groups" });
    const answer = await ask(pathOf(org), { token: await signedToken(issuer, org, claims) });
    return answer.status === 200 ? (await callerOf(answer)).groups : answer.status;
  };

  it("are all that the token names, or the token is refused: one left out could be a forbidden one", async () => {
    const names = (count: number) => Array.from({ length: count }, (_, at) => `g${at}`);
    expect(await groupsOf({ groups: names(64) })).toHaveLength(64);
    expect(await groupsOf({ groups: names(65) })).toBe(401);
    for (const groups of [
      ["a", 7],
      ["a", null],
      [["a"]],
      { a: 1 },
      7,
      [""],
      ["a\nb"],
      ["x".repeat(257)],
    ]) {
      expect(await groupsOf({ groups })).toBe(401);
    }
    expect(await groupsOf({ _claim_names: { groups: "src1" } })).toBe(401);
  });

  it("are texts, each once, in NFC; none where the token names none", async () => {
    expect(await groupsOf({})).toEqual([]);
    expect(await groupsOf({ groups: [] })).toEqual([]);
    expect(await groupsOf({ groups: "dev" })).toEqual(["dev"]);
    expect(await groupsOf({ groups: ["e\u0301", "\u00e9", "dev"] })).toEqual(["\u00e9", "dev"]);
  });
});

describe("Tags and the client", () => {
  it("are texts of the token that say who, 32 at most; nothing of them is an object's own", async () => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`t${at}`, "x"]));
    const token = await signedToken(issuer, org, { ...many, jti: "j", nonce: "n" });
    const { tags } = await callerOf(ask(pathOf(org), { token }));
    expect(Object.keys(tags)).toHaveLength(32);
    expect(tags).not.toHaveProperty("jti");
    expect(tags).not.toHaveProperty("iss");
  });

  it("tell the client as the issuer does", async () => {
    const clientOf = async (claims: Record<string, unknown>) => {
      const token = await signedToken(issuer, org, claims);
      return (await callerOf(ask(pathOf(org), { token }))).clientId;
    };
    expect(await clientOf({ azp: "a" })).toBe("a");
    expect(await clientOf({ client_id: "c", azp: "a" })).toBe("c");
    expect(await clientOf({ client_id: 7 })).toBeNull();
    expect(await clientOf({ client_id: "a\nb" })).toBeNull();
    expect(await clientOf({})).toBeNull();
  });
});
