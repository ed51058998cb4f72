/** Sends what is malformed, and judges the answers. */
import type { Answer, Sent } from "../../harness/http-client.ts";
import type { Runtime } from "../../harness/runtime.ts";
import { type BadSample, newId, reportText, SECRET, sampleText } from "./malformed-samples.ts";
import type { BadRequest } from "./unreadable-bodies.ts";

export const ORG = "exact-malformed";
export const PATH = `/v1/orgs/${ORG}/invocations`;
const WORKERS = 4;
/** Far more than any of them takes; what holds the Worker this long would hold up everyone. */
const ANSWER_MS_MAX = 15_000;
/** What an engine, a database or a stack trace says. */
const INTERNALS =
  /sqlite|D1_ERROR|\b(select|insert|update|delete)\b.+\b(from|into|set)\b|\bat .+:\d+:\d+|(Syntax|Type|Range|Reference)Error|unexpected (token|end|non-whitespace)|in JSON|\.(ts|m?js)\b/i;
const MEMBERS = ["type", "title", "status", "detail", "code", "request_id"];

export class MalformedRun {
  readonly #runtime: Runtime;
  readonly validIds = new Set<string>();
  readonly leaks: string[] = [];
  readonly slow: string[] = [];
  slowestMs = 0;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  validSample(): string {
    const id = newId();
    this.validIds.add(id);
    return sampleText({}, id);
  }

  async send(name: string, sent: Sent, method = "POST", path = PATH): Promise<Answer> {
    const startedAt = performance.now();
    const answer = await this.#runtime.send(method, path, sent);
    const tookMs = performance.now() - startedAt;
    this.slowestMs = Math.max(this.slowestMs, tookMs);
    if (tookMs > ANSWER_MS_MAX) this.slow.push(`${name}: ${Math.round(tookMs)} ms`);
    const text = answer.body.toString();
    if (INTERNALS.test(text) || text.includes(SECRET))
      this.leaks.push(`${name}: ${text.slice(0, 300)}`);
    return answer;
  }

  /** The problems of all, a few requests at a time. */
  async each<Item extends { name: string }>(
    items: readonly Item[],
    find: (item: Item) => Promise<string[]>,
  ): Promise<string[]> {
    const problems: string[] = [];
    const rest = [...items];
    const work = async () => {
      for (let item = rest.shift(); item !== undefined; item = rest.shift()) {
        const { name } = item;
        const found = await find(item).catch((error: Error) => [`no answer: ${error.message}`]);
        problems.push(...found.map((problem) => `${name}: ${problem}`));
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, work));
    return problems;
  }

  async findWrongRefusal(request: BadRequest): Promise<string[]> {
    return problemsOf(await this.send(request.name, request), request.status);
  }

  /** 200, the bad sample alone rejected, by its own index and code. */
  async findWrongRejection({ name, sample, codes }: BadSample): Promise<string[]> {
    const body = reportText([this.validSample(), sample, this.validSample()]);
    const answer = await this.send(name, { body });
    const text = answer.body.toString();
    if (answer.status !== 200) return [`${answer.status} ${text.slice(0, 300)}`];
    const { accepted, duplicates, rejected } = JSON.parse(text);
    const [only] = rejected;
    const isAlone = accepted === 2 && duplicates === 0 && rejected.length === 1 && only.index === 1;
    const isNamed = codes.includes(only?.code) && /^.{1,300}$/s.test(only?.message ?? "");
    return isAlone && isNamed ? [] : [`${text.slice(0, 300)}, expected index 1, ${codes}`];
  }
}

/** The members of a problem, and their agreement with the answer that carries them. */
export function problemsOf({ status, headers, body }: Answer, expected: number): string[] {
  const text = body.toString();
  if (status !== expected) return [`${status}, expected ${expected}: ${text.slice(0, 200)}`];
  if (headers["content-type"] !== "application/problem+json") return [`${headers["content-type"]}`];
  const problem = JSON.parse(text) as Record<string, unknown>;
  const missing = MEMBERS.filter((member) => problem[member] === undefined);
  if (missing.length > 0) return [`without ${missing}: ${text.slice(0, 200)}`];
  const agrees =
    problem["status"] === status &&
    problem["request_id"] === headers["x-request-id"] &&
    /^[a-z]+(_[a-z]+)*$/.test(String(problem["code"]));
  return agrees ? [] : [`contradicts itself: ${text.slice(0, 300)}`];
}
