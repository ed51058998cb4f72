/**
 * The body that a server answered with a 2xx, whole or not at all: a body that is longer than any answer of
 * its protocol, or that breaks off, counts as empty, for the request itself was taken.
 */
export async function readAnswer(
  body: ReadableStream<Uint8Array> | null,
  bytesMax: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body ?? []) {
      bytes += chunk.length;
      // Leaving the loop cancels the stream.
      if (bytes > bytesMax) return new Uint8Array(0);
      chunks.push(chunk);
    }
  } catch {
    return new Uint8Array(0);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
