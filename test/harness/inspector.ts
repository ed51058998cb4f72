/** The runtime's inspector, which answers between the turns of the Worker's isolate. */

export class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const { id, result } = JSON.parse(String(data)) as { id?: number; result?: unknown };
      if (id === undefined) return;
      this.#waiting.get(id)?.(result);
      this.#waiting.delete(id);
    });
  }

  static async connect(url: string): Promise<Inspector> {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", () => reject(new Error("the inspector is not there")));
    });
    return new Inspector(socket);
  }

  /** Undefined where it refuses. */
  ask<Result>(method: string, params: object = {}): Promise<Result | undefined> {
    const id = ++this.#lastId;
    this.#socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve) =>
      this.#waiting.set(id, (result) => resolve(result as Result | undefined)),
    );
  }

  close(): void {
    this.#socket.close();
  }
}
