import { describe, expect, it } from "vitest";
import { type OperationBatch, OperationOutbox } from "#gateway/figures/operation-outbox.ts";
import { operation } from "./operations.ts";

/** An isolate whose time is the test's: a delay ends when `pass` has passed it. */
function isolate() {
  let nowMs = 1_000_000;
  let waits: { atMs: number; end: () => void }[] = [];
  const failures: unknown[] = [];
  const outbox = new OperationOutbox({
    writer: "isolate",
    nowMs: () => nowMs,
    delay: (ms) => new Promise((end) => waits.push({ atMs: nowMs + ms, end })),
    onFailure: (error) => failures.push(error),
  });
  const pass = async (ms: number) => {
    const untilMs = nowMs + ms;
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      const [next] = waits.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      waits = waits.filter((wait) => wait !== next);
      nowMs = next.atMs;
      next.end();
    }
    nowMs = untilMs;
  };
  return { outbox, pass, failures, nowMs: () => nowMs };
}

const ORG = { org: "acme" };
const countOf = ({ rows }: OperationBatch) =>
  rows.reduce(
    (sum, row) => sum + (JSON.parse(row) as number[]).slice(12).reduce((all, one) => all + one, 0),
    0,
  );

/** A store that adds a batch once, as SQL does. */
function storeOf() {
  const store = { batch: 0, counted: 0, sent: 0 };
  const add = async (batch: OperationBatch) => {
    store.sent += 1;
    if (batch.number <= store.batch) return;
    store.batch = batch.number;
    store.counted += countOf(batch);
  };
  return { store, add };
}

describe("Operations on their way to the store", () => {
  it("of many requests leave in one batch, within a second, carried by one of them", async () => {
    const { outbox, pass } = isolate();
    const { store, add } = storeOf();
    let carried = 0;
    for (let request = 0; request < 50; request += 1) {
      outbox.note(operation(ORG, { tool: `t${request % 5}` }));
      if (outbox.turn(add) !== null) carried += 1;
    }
    await pass(1_000);
    expect(store).toEqual({ batch: 1, counted: 50, sent: 1 });
    expect(carried).toBe(1);
    expect(outbox.turn(add)).toBeNull();
  });

  it("are all brought, whenever they come, over minutes and the turns of many requests", async () => {
    const { outbox, pass } = isolate();
    const { store, add } = storeOf();
    let turns = 0;
    for (let step = 0; step < 600; step += 1) {
      outbox.note(operation(ORG));
      if (outbox.turn(add) !== null) turns += 1;
      await pass(101);
    }
    await pass(2_000);
    expect(store.counted).toBe(600);
    // A batch each half a second, each carried by one request.
    expect(store.sent).toBeLessThanOrEqual(125);
    expect(turns).toBeLessThanOrEqual(125);
  });

  it("that are noted while the last batch of a turn is sent are carried by their own request", async () => {
    const { outbox, pass } = isolate();
    const { store, add } = storeOf();
    let turns = 0;
    const addAndNote = async (batch: OperationBatch) => {
      await add(batch);
      if (store.sent > 40) return;
      outbox.note(operation(ORG));
      if (outbox.turn(addAndNote) !== null) turns += 1;
    };
    outbox.note(operation(ORG));
    const first = outbox.turn(addAndNote);
    await pass(60_000);
    await first;
    expect(turns).toBeGreaterThan(0);
    expect(store.counted).toBe(41);
  });

  it("are sent again as they were when the answer was lost, and those behind them after", async () => {
    const { outbox, pass, failures } = isolate();
    const { store, add } = storeOf();
    const sent: string[] = [];
    let losses = 3;
    const losing = async (batch: OperationBatch) => {
      sent.push(JSON.stringify(batch));
      await add(batch);
      if (losses-- > 0) throw new Error("lost");
    };
    outbox.note(operation(ORG));
    void outbox.turn(losing);
    await pass(600);
    outbox.note(operation(ORG, { tool: "later" }));
    await pass(30_000);
    expect(failures.length).toBe(3);
    expect(new Set(sent.slice(0, 4)).size).toBe(1);
    expect(store).toMatchObject({ batch: 2, counted: 2 });
  });

  it("of a request that the runtime ended are taken on by one that comes later, and counted once", async () => {
    const { outbox, pass } = isolate();
    const { store, add } = storeOf();
    const hanging = (batch: OperationBatch) =>
      add(batch).then(() => new Promise<void>(() => undefined));
    outbox.note(operation(ORG));
    void outbox.turn(hanging);
    await pass(1_000);
    outbox.note(operation(ORG));
    expect(outbox.turn(add)).toBeNull();
    await pass(60_000);
    outbox.note(operation(ORG));
    expect(outbox.turn(add)).not.toBeNull();
    await pass(1_000);
    expect(store).toMatchObject({ batch: 2, counted: 3 });
  });

  it("take memory by label sets, of which so many wait: what is beyond is the org's others", async () => {
    const { outbox, pass } = isolate();
    const batches: OperationBatch[] = [];
    for (let tool = 0; tool < 3_000; tool += 1) outbox.note(operation(ORG, { tool: `t${tool}` }));
    void outbox.turn(async (batch) => void batches.push(batch));
    await pass(1_000);
    const rows = batches.flatMap((batch) => batch.rows);
    expect(rows.length).toBe(2_049);
    expect(batches.reduce((sum, batch) => sum + countOf(batch), 0)).toBe(3_000);
    expect(batches.every((batch) => batch.rows.length <= 256)).toBe(true);
  });
});
