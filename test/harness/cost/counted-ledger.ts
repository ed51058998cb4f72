/** The ledger with its bill: rows by what they are for, alarms, and calls. Its alarms go by the played clock. */
import { Ledger } from "#audit/ledger/ledger.ts";
import type { Env } from "#platform/env.ts";
import { countedEnv } from "./counted-env.ts";
import type { Cause } from "./parts.ts";
import { isStanding, realTimeOf } from "./played-clock.ts";
import { asObjectRequest, causedBy, noteAlarmSet, noteCursor } from "./tally.ts";

/** By the object's name: what its real alarm is made of, while the clock goes. */
const dueAlarms = new Map<string, number>();

/** The first that is due by then. */
export function firstDueAlarm(untilMs: number) {
  const [first] = [...dueAlarms].sort(([, a], [, b]) => a - b);
  return first === undefined || first[1] > untilMs ? null : { name: first[0], atMs: first[1] };
}

export const ledgersWithAlarms = (): string[] => [...dueAlarms.keys()];

export interface PlayedLedger {
  ring(): Promise<void>;
  setRealAlarm(): Promise<void>;
}

export class CountedLedger extends Ledger implements PlayedLedger {
  readonly #name: string;
  readonly #setReal: SetAlarm;

  constructor(ctx: DurableObjectState, env: Env) {
    const name = ctx.id.name ?? "";
    countStatements(ctx.storage.sql);
    const setReal = playAlarms(ctx.storage, name);
    super(ctx, countedEnv(env));
    this.#name = name;
    this.#setReal = setReal;
  }

  /** The runtime's, which is not to ring by a clock that stands. */
  override async alarm(): Promise<void> {
    if (!isStanding()) await this.ring();
  }

  ring(): Promise<void> {
    dueAlarms.delete(this.#name);
    return causedBy("alarm", () => asObjectRequest(() => super.alarm()));
  }

  /** What was due by a clock that stood is due by one that goes. */
  async setRealAlarm(): Promise<void> {
    const dueMs = dueAlarms.get(this.#name);
    if (dueMs !== undefined) await this.#setReal(realTimeOf(dueMs));
  }
}

const CAUSE_OF_METHOD: Record<string, Cause> = {
  append: "append",
  openCalls: "call",
  tellOfCalls: "call",
  headSince: "sign",
  publish: "sign",
  announcePruning: "prune",
};
for (const [name, cause] of Object.entries(CAUSE_OF_METHOD)) {
  const method: unknown = Reflect.get(Ledger.prototype, name);
  if (typeof method !== "function") continue;
  Object.defineProperty(CountedLedger.prototype, name, {
    value(this: CountedLedger, ...args: unknown[]) {
      return causedBy(cause, () => Reflect.apply(method, this, args));
    },
  });
}

function countStatements(sql: SqlStorage): void {
  const exec = sql.exec.bind(sql);
  sql.exec = <Row extends Record<string, SqlStorageValue>>(query: string, ...values: unknown[]) => {
    const cursor = exec<Row>(query, ...values);
    noteCursor(query, cursor);
    return cursor;
  };
}

type SetAlarm = (atMs: number) => Promise<void>;

/** The runtime bills a row for an alarm that is set. Returns what sets it by the machine's clock. */
function playAlarms(storage: DurableObjectStorage, name: string): SetAlarm {
  const set = storage.setAlarm.bind(storage);
  storage.setAlarm = async (at) => {
    noteAlarmSet();
    dueAlarms.set(name, Number(at));
    if (!isStanding()) await set(realTimeOf(Number(at)));
  };
  storage.getAlarm = async () => dueAlarms.get(name) ?? null;
  return set;
}
