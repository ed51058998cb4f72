/** What an org's log, list and figures say of its calls. */
import type { Runtime } from "../../../harness/runtime.ts";
import type { SentCalls } from "./suite.ts";

interface EventBody {
  action: string;
  event_id: string;
  invocation_id: string | null;
  outcome: string;
  details: Record<string, string | boolean | null>;
}

interface SampleBody {
  id: string;
  outcome: string;
  error_code: string | null;
}

export class CallsOnRecord {
  readonly #decisions = new Map<string, number>();
  readonly #completions = new Map<string, EventBody[]>();
  readonly #samples = new Map<string, SampleBody[]>();
  readonly #counted: number;

  private constructor(
    events: readonly EventBody[],
    samples: readonly SampleBody[],
    counted: number,
  ) {
    for (const event of events) {
      const id = event.invocation_id ?? "";
      if (event.action === "tool.call.allowed") {
        this.#decisions.set(id, (this.#decisions.get(id) ?? 0) + 1);
      }
      if (event.action === "tool.call.completed") {
        this.#completions.set(id, [...(this.#completions.get(id) ?? []), event]);
      }
    }
    for (const sample of samples) {
      this.#samples.set(sample.id, [...(this.#samples.get(sample.id) ?? []), sample]);
    }
    this.#counted = counted;
  }

  static async read(runtime: Runtime, org: string): Promise<CallsOnRecord> {
    const events = await readAll<{ event: EventBody }>(runtime, `/v1/orgs/${org}/audit`, "events");
    const path = `/v1/orgs/${org}/invocations`;
    const samples = await readAll<SampleBody>(runtime, path, "invocations");
    const page = await runtime.text("GET", `/v1/orgs/${org}/metrics`);
    const counts = [...page.matchAll(/^mcpg_tool_calls_total\{.*\} (\d+)$/gm)];
    const counted = counts.reduce((sum, [, count]) => sum + Number(count), 0);
    return new CallsOnRecord(
      events.map(({ event }) => event),
      samples,
      counted,
    );
  }

  get decided(): number {
    return this.#decisions.size;
  }

  get lost(): number {
    const all = [...this.#completions.values()].flat();
    return all.filter(({ details }) => details["error_code"] === "lost").length;
  }

  findProblems({ answered }: SentCalls): string[] {
    const undecided = [...answered].filter((id) => !this.#decisions.has(id));
    const strangers = [...this.#completions.keys(), ...this.#samples.keys()].filter(
      (id) => !this.#decisions.has(id),
    );
    const problems = [
      ...undecided.map((id) => `${id} was answered without a decision`),
      ...strangers.map((id) => `${id} was completed without a decision`),
      ...[...this.#decisions].flatMap(([id, count]) => this.#problemsOf(id, count)),
    ];
    if (this.#counted !== this.decided) {
      problems.push(`${this.#counted} are counted, ${this.decided} were decided`);
    }
    return problems;
  }

  #problemsOf(id: string, decisions: number): string[] {
    const completions = this.#completions.get(id) ?? [];
    const samples = this.#samples.get(id) ?? [];
    if (decisions !== 1 || completions.length !== 1 || samples.length !== 1) {
      return [
        `${id}: ${decisions} decisions, ${completions.length} completions, ${samples.length} samples`,
      ];
    }
    const [{ details }] = completions as [EventBody];
    const [{ outcome, error_code }] = samples as [SampleBody];
    const isSame = details["outcome"] === outcome && details["error_code"] === error_code;
    return isSame
      ? []
      : [`${id}: its completion says ${details["outcome"]}, its sample ${outcome}`];
  }
}

async function readAll<Item>(runtime: Runtime, path: string, list: string): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = null;
  do {
    const from: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page = await runtime.json<Record<string, unknown>>("GET", `${path}?limit=1000${from}`);
    items.push(...(page[list] as Item[]));
    cursor = page["next_cursor"] as string | null;
  } while (cursor !== null);
  return items;
}
