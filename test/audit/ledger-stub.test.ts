import { describe, expect, it, vi } from "vitest";
import { callLedger } from "#audit/ledger-stub.ts";
import { signLogs } from "#audit/signing/signer.ts";
import type { Env } from "#platform/env.ts";
import { FailureError } from "#platform/errors.ts";
import { workerEnv } from "../harness/deployment.ts";
import {
  append,
  ledgerOf,
  makeEvents,
  newLogOf,
  objectOf,
  refusalOf,
  rowOf,
  sign,
} from "./ledger/test-log.ts";

const LOG = { org: "acme", log: 1 };

/** Answers of a ledger, a stub each; what is an error is thrown. */
function envAnswering(answers: unknown[]): { env: Env; stubs: () => number } {
  let stubs = 0;
  const getByName = () => {
    const answer = answers[stubs];
    stubs += 1;
    return {
      status: async () => {
        if (answer instanceof Error) throw answer;
        return answer;
      },
    };
  };
  return { env: { LEDGER: { getByName } } as unknown as Env, stubs: () => stubs };
}

const failing = (flags: object) => Object.assign(new Error("lost"), flags);

describe("callLedger", () => {
  it.each([
    [{ retryable: true, remote: true }],
    [{ overloaded: true, remote: true }],
    [{ durableObjectReset: true, remote: true }],
    [{}],
  ])("asks once more, of a fresh stub, after an error of the way there: %o", async (flags) => {
    const { env, stubs } = envAnswering([failing(flags), "here"]);
    expect(await callLedger(env, LOG, (ledger) => ledger.status())).toBe("here");
    expect(stubs()).toBe(2);
  });

  it("says that the ledger is unavailable when it is so twice, and keeps the cause", async () => {
    const lost = failing({ retryable: true });
    const { env, stubs } = envAnswering([failing({}), lost, "too late"]);
    const error = await callLedger(env, LOG, (ledger) => ledger.status()).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(FailureError);
    expect(error).toMatchObject({ failure: { kind: "unavailable" }, cause: lost });
    expect(stubs()).toBe(2);
  });

  it("does not repeat what the ledger's own code threw", async () => {
    const { env, stubs } = envAnswering([failing({ remote: true }), "here"]);
    expect(await refusalOf(() => callLedger(env, LOG, (ledger) => ledger.status()))).toBe("lost");
    expect(stubs()).toBe(1);
  });
});

describe("A ledger out of reach", () => {
  it("freezes nothing, and is signed once it is there again", async () => {
    const log = await newLogOf(2);
    await sign(log);
    await append(log, makeEvents(1));
    const lost = () => Promise.reject(failing({ retryable: true }));
    const away = { getByName: () => ({ headSince: lost, publish: lost, freeze: lost }) };
    const env = { ...workerEnv, LEDGER: away } as unknown as Env;
    const logged = vi.spyOn(console, "error").mockReturnValue();
    const [outcome] = await signLogs(env, log.shard, [await rowOf(log)]);
    logged.mockRestore();
    expect(outcome?.kind).toBe("failed");
    expect(await rowOf(log)).toMatchObject({ signedSize: 2, frozenReason: null });
    expect(await sign(log)).toContain("\n3\n");
  });

  it("that takes what was sent and loses the answer has each event once all the same", async () => {
    const log = await newLogOf(1);
    let calls = 0;
    const losingFirst = {
      append: async (...args: Parameters<ReturnType<typeof ledgerOf>["append"]>) => {
        const answer = await (objectOf(log) as unknown as ReturnType<typeof ledgerOf>).append(
          ...args,
        );
        calls += 1;
        if (calls === 1) throw failing({ durableObjectReset: true });
        return answer;
      },
    };
    const env = { ...workerEnv, LEDGER: { getByName: () => losingFirst } } as unknown as Env;
    const events = makeEvents(3);
    const result = await callLedger(env, log, (ledger) => ledger.append(log, events));
    expect([calls, result.kind]).toEqual([2, "appended"]);
    expect((await ledgerOf(log).status())?.treeSize).toBe(4);
  });
});
