/** `fetch` on a bad line: breaks a stream where it is told to, and keeps account of what went through. */

export class CuttingFetch {
  /** Breaks the next stream that says this, once it has said it. */
  cutAfter: string | null = null;
  cuts = 0;
  /** Methods and what was resumed from. */
  readonly requests: { method: string; lastEventId: string | null }[] = [];

  readonly fetch: typeof fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    this.requests.push({
      method: init?.method ?? "GET",
      lastEventId: headers.get("last-event-id"),
    });
    const response = await fetch(input, init);
    if (this.cutAfter === null || response.body === null) return response;
    const { status } = response;
    return new Response(this.#cutting(response.body), { status, headers: response.headers });
  };

  #cutting(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    const decoder = new TextDecoder();
    let said = "";
    const cut = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        controller.enqueue(chunk);
        said += decoder.decode(chunk, { stream: true });
        if (this.cutAfter === null || !said.includes(this.cutAfter)) return;
        this.cutAfter = null;
        this.cuts += 1;
        // After what was passed on is read.
        setTimeout(() => controller.error(new Error("the line is cut")), 10);
      },
    });
    return body.pipeThrough(cut);
  }
}
