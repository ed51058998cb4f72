/** D1 that fails where a test says: before a batch reaches the database, or after it committed. */
export type Fault = "before" | "after" | null;

/** `faultOf` is asked for each batch by number, from 0. */
export function faultyD1(db: D1Database, faultOf: (batch: number) => Fault): D1Database {
  let batches = 0;
  return new Proxy(db, {
    get: (target, property) => {
      if (property !== "batch") {
        const value: unknown = Reflect.get(target, property);
        return typeof value === "function" ? value.bind(target) : value;
      }
      return async (statements: D1PreparedStatement[]) => {
        const fault = faultOf(batches);
        batches += 1;
        if (fault === "before") throw new Error("D1_ERROR: Network connection lost.");
        const results = await target.batch(statements);
        if (fault === "after") throw new Error("D1_ERROR: Network connection lost.");
        return results;
      };
    },
  });
}
