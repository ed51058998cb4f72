/** Every attack on the stored log is found, by the service itself or by `verify`; and nothing honest is. */

import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { Answer } from "../../harness/http-client.ts";
import { newFolder } from "../../harness/state-folder.ts";
import type { Checks, Verdict } from "../checks.ts";
import type { Suite } from "../suite.ts";
import type { Attack, Found } from "./attack-kit.ts";
import {
  copyOf,
  type Honest,
  makeHonestSite,
  ORG,
  UNSIGNED_TO,
  verify,
  verifyWithoutVerdict,
} from "./attack-site.ts";
import { ATTACKS, UNPROMISED } from "./attacks.ts";
import { EventSource } from "./events.ts";
import { runHonestLives } from "./honest.ts";
import { runHonestScenario } from "./honest-scenario.ts";
import { runLedgerSuite } from "./ledger-suite.ts";
import { LogClient } from "./log-client.ts";
import { Site } from "./tamper.ts";
import type { CliReport } from "./verify/run-cli.ts";

/** Each is a workerd and a verifier. */
const ATTACKS_AT_ONCE = 2;

interface Verdicts {
  problems: string[];
  /** By what it was found. */
  finders: string[];
}

export function runAttackSuite(): Promise<Verdict> {
  return runLedgerSuite("ledger-attack", async ({ checks, start }) => {
    const honest = await makeHonestSite(start);
    checks.equal("an honest log is VERIFIED, online and from its pack", honest.exits, [0, 0]);
    const waiting = [...ATTACKS.entries()];
    const verdicts: Verdicts[] = [];
    const work = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [at, attack] = next;
        verdicts[at] = await new AttackRun(start, honest, attack).run().catch(brokeOff);
      }
    };
    await Promise.all(Array.from({ length: ATTACKS_AT_ONCE }, work));
    for (const [at, { name }] of ATTACKS.entries()) {
      const { problems, finders } = verdicts[at]!;
      checks.report(`found: ${name}`, problems, finders.join("; "));
    }
    const unfound = verdicts.filter(({ finders }) => finders.length === 0).length;
    const count = `${ATTACKS.length - unfound} of ${ATTACKS.length}`;
    checks.report("every attack is found", unfound === 0 ? [] : [count], count);
    for (const attack of UNPROMISED) {
      const { problems, finders } = await new AttackRun(start, honest, { ...attack, found: {} })
        .runUnpromised()
        .catch(brokeOff);
      checks.report(
        `no forgery, for nothing of it was signed: ${attack.name}`,
        problems,
        finders.join("; "),
      );
    }
    await checkOriginChange(start, checks);
    await runHonestScenario(start, honest.tokenPath, checks);
    await runHonestLives(await start(), checks);
  });
}

/** Nothing was signed yet: no key and no checkpoint tells that the name is another. */
async function checkOriginChange(start: Suite["start"], checks: Checks): Promise<void> {
  const org = "renamed";
  const folder = await newFolder();
  const began = await start({ folder });
  await began.makeOrg(org);
  await began.stop();
  const renamed = await start({ folder, settings: { MCPG_ORIGIN: "other.example" } });
  const client = new LogClient(renamed, org);
  await client.append(new EventSource(1).events(1));
  const { status } = await renamed.send("POST", `${client.path}/checkpoint`);
  const { frozen } = await client.status();
  checks.equal(
    "a log is not signed under another origin than it began with",
    [status, frozen],
    [503, false],
  );
  await renamed.stop();
  const restored = await start({ folder });
  const signed = await new LogClient(restored, org).sign();
  await restored.stop();
  checks.equal("it is, once the origin is put right", signed.split("\n").slice(0, 2), [
    `mcpg.local/v1/orgs/${org}/audit/log`,
    "2",
  ]);
}

function brokeOff(error: Error): Verdicts {
  return { problems: [error.stack ?? String(error)], finders: [] };
}

class AttackRun {
  readonly #start: Suite["start"];
  readonly #honest: Honest;
  readonly #attack: Attack;
  readonly #problems: string[] = [];
  readonly #finders: string[] = [];

  constructor(start: Suite["start"], honest: Honest, attack: Attack) {
    this.#start = start;
    this.#honest = honest;
    this.#attack = attack;
  }

  async run(): Promise<Verdicts> {
    return this.#on(async (client, statePath) => {
      const { appended = 0, found } = this.#attack;
      const events = new EventSource(99);
      // The ledger may find by itself, telling D1, that it was set back: then it takes none.
      for (let left = appended; left > 0; left -= 200) {
        const body = { instance_id: "gw-1", events: events.events(200) };
        await client.runtime.send("POST", client.path, { body });
      }
      if (found.reading === undefined) await this.#verify(client, statePath, found.verify);
      else await this.#seeReading(client, found.reading);
      if (found.proofOf !== undefined) await this.#seeProof(client, found.proofOf);
      await this.#seeSigning(client, found.signing ?? found.reading);
      if (found.verifyLater !== undefined) await this.#verify(client, statePath, found.verifyLater);
    });
  }

  /** It goes on, is verified, and who holds a receipt sees that the entry is another. */
  async runUnpromised(): Promise<Verdicts> {
    return this.#on(async (client, statePath) => {
      await client.append(new EventSource(99).events(5));
      await client.sign();
      await this.#verify(client, statePath, undefined);
      const { frozen } = await client.status();
      if (frozen) this.#problems.push("the log froze");
      const last = UNSIGNED_TO - 1;
      const { hash } = await client.runtime.json<{ hash: string }>("GET", `${client.path}/${last}`);
      const isOther = hash !== this.#honest.receipts.get(last);
      this.#see(isOther, `the receipt of entry ${last} is of another entry`);
    });
  }

  async #on(look: (client: LogClient, statePath: string) => Promise<void>): Promise<Verdicts> {
    const { now, older, statePath, foreignVkey, foreignNote } = this.#honest;
    const { settings = {}, tamper } = this.#attack;
    const [folder, olderFolder] = [await copyOf(now.folder), await copyOf(older.folder)];
    const [site, olderSite] = [new Site(folder), new Site(olderFolder)];
    site.rest();
    olderSite.rest();
    tamper({ site, older: olderSite, foreignVkey, foreignNote });
    const state = join(folder, "verify-state.json");
    await copyFile(statePath, state);
    const runtime = await this.#start({ folder, settings });
    try {
      await look(new LogClient(runtime, ORG), state);
    } finally {
      await runtime.stop();
    }
    return { problems: this.#problems, finders: this.#finders };
  }

  async #verify(client: LogClient, statePath: string, expected: Found["verify"]): Promise<void> {
    const { exit = 0, finding: code, isStateless } = expected ?? {};
    const terms = { ...this.#honest, statePath: isStateless ? null : statePath };
    const report = await verify(client.runtime, terms);
    const finding = report.findings.find((other) => other.code === code);
    const got = `verify: ${report.exit_code} ${JSON.stringify(report.findings)}`;
    if (report.exit_code !== exit) this.#problems.push(`${got}, expected ${exit}`);
    if (expected === undefined) return;
    if (finding === undefined) this.#problems.push(`${got}, expected ${code}`);
    else if (!namesPlace(report, finding.message, expected.place)) {
      this.#problems.push(`${got}: does not name ${expected.place}`);
    }
    this.#see(report.exit_code !== 0, `verify ${report.exit_code} ${report.findings[0]?.code}`);
  }

  /** Who verifies online is refused what is not proven: no verdict comes of it, and the log is frozen. */
  async #seeReading(client: LogClient, reason: RegExp): Promise<void> {
    const { code, stderr } = await verifyWithoutVerdict(client.runtime, this.#honest);
    const { frozen, frozen_reason: frozenFor } = await client.status();
    const isSaid = code === 69 && frozen && isFoundAs(frozenFor, reason);
    const got = `reading: exit ${code}, ${stderr}, frozen for ${frozenFor}`;
    this.#see(isSaid, `reading froze it: ${frozenFor}`, got);
  }

  async #seeProof({ runtime, path }: LogClient, seq: number): Promise<void> {
    const { status, body } = await runtime.send("GET", `${path}/${seq}/proof`);
    this.#see(status === 500, `no proof of entry ${seq}`, `proof of ${seq}: ${status} ${body}`);
  }

  async #seeSigning(client: LogClient, expected: Found["signing"]): Promise<void> {
    await this.#append(client);
    await client.runtime.send("POST", `/ledger/ring?org=${ORG}`);
    const { status, body } = await client.runtime.send("POST", `${client.path}/checkpoint`);
    const { frozen, frozen_reason: reason } = await client.status();
    const got = `signing: ${status} ${body} ${reason}`;
    if (expected === undefined) {
      if (status !== 200 || frozen) this.#problems.push(got);
    } else if (expected === "refused") {
      this.#see(status >= 500 && !frozen, "signing is refused", got);
    } else {
      const isSaid =
        status === 503 && body.includes("ledger_frozen") && isFoundAs(reason, expected);
      this.#see(isSaid, `signing froze it: ${reason}`, got);
      await this.#seeFrozen(client, reason);
    }
  }

  #append({ runtime, path }: LogClient): Promise<Answer> {
    const events = [new EventSource(this.#problems.length).event()];
    return runtime.send("POST", path, { body: { instance_id: "gw-1", events } });
  }

  /** To whoever appends, to the signer, and to whoever watches the gauges. */
  async #seeFrozen(client: LogClient, reason: string | null): Promise<void> {
    const { status, body } = await this.#append(client);
    if (status !== 503 || !body.includes('"ledger_frozen"')) {
      this.#problems.push(`append to a frozen log: ${status} ${body}`);
    }
    if ((await client.row()).frozen_reason !== reason) this.#problems.push("D1 does not know why");
    const page = await client.runtime.text("GET", `/v1/orgs/${ORG}/metrics`);
    if (!page.includes(`mcpg_audit_frozen{org="${ORG}"} 1\n`))
      this.#problems.push("no gauge says so");
  }

  #see(isFound: boolean, finder: string, problem = `not ${finder}`): void {
    if (isFound) this.#finders.push(finder);
    else this.#problems.push(problem);
  }
}

/** What the ledger finds by itself whenever it tells D1: whoever reads or signs may come too late for it. */
const BY_TELLING = /first 700 entries are not those that were signed|was set back/;

function isFoundAs(reason: string | null, expected: RegExp): boolean {
  return reason !== null && (expected.test(reason) || BY_TELLING.test(reason));
}

function namesPlace(
  report: CliReport,
  message: string,
  place: number | RegExp | undefined,
): boolean {
  if (place === undefined) return true;
  if (typeof place === "object") return place.test(message);
  const { first_bad_entry: bad, first_rewritten_entry: rewritten } = report;
  const isNamed = bad !== null && bad.seq <= place && place <= bad.last_seq;
  return isNamed || rewritten?.seq === place;
}
