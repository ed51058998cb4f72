import { describe, expect, it } from "vitest";
import { openSession, sealSession } from "#gateway/proxy/upstream/sealed-session.ts";
import { workerEnv } from "../../../harness/deployment.ts";

const PLACE = { org: "acme", workspace: "prod", plugin: "github", principalKey: "token:1" };
const SESSION = { upstreamId: "8c0b…".replace("…", "-1"), version: "2025-11-25" } as const;

describe("A session id of ours", () => {
  it("opens to the upstream's id and the version, is visible ASCII, and tells neither", async () => {
    const id = await sealSession(workerEnv, PLACE, SESSION);

    expect(id).toMatch(/^[\x21-\x7e]{1,200}$/);
    expect(atob(id.split(".")[3]!)).not.toContain(SESSION.upstreamId);
    expect(await openSession(workerEnv, PLACE, id)).toEqual(SESSION);
  });

  it("opens for nobody else, and in no other place", async () => {
    const id = await sealSession(workerEnv, PLACE, SESSION);

    for (const [member, value] of Object.entries(PLACE)) {
      expect(await openSession(workerEnv, { ...PLACE, [member]: `${value}x` }, id)).toBeNull();
    }
    const shifted = { ...PLACE, workspace: "prod/github", plugin: "" };
    expect(await openSession(workerEnv, shifted, id)).toBeNull();
  });

  it("opens to nothing once any of it is altered", async () => {
    const id = await sealSession(workerEnv, PLACE, SESSION);

    for (let at = 0; at < id.length; at++) {
      const other = id[at] === "A" ? "B" : "A";
      const altered = id.slice(0, at) + other + id.slice(at + 1);
      expect(await openSession(workerEnv, PLACE, altered)).toBeNull();
      expect(await openSession(workerEnv, PLACE, id.slice(0, at))).toBeNull();
    }
  });

  it.each(["", "v1", "8c0b-1", "v1..", "x".repeat(10_000)])("is none: %s", async (id) => {
    expect(await openSession(workerEnv, PLACE, id)).toBeNull();
  });

  it("is bounded, with the longest id that an upstream may have", async () => {
    const upstreamId = "~".repeat(2_048);
    const id = await sealSession(workerEnv, PLACE, { ...SESSION, upstreamId });

    expect(id.length).toBeLessThanOrEqual(3_072);
    expect((await openSession(workerEnv, PLACE, id))?.upstreamId).toBe(upstreamId);
    for (const bad of ["", "a b", "ä", "x".repeat(2_049)]) {
      await expect(
        sealSession(workerEnv, PLACE, { ...SESSION, upstreamId: bad }),
      ).rejects.toThrow();
    }
  });
});
