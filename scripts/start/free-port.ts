import { createServer } from "node:net";

/** The port itself when nothing listens on it, a free one for 0; an error that says what to do else. */
export function findFreePort(wanted: number): Promise<number> {
  return new Promise((found, refused) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => refused(portError(wanted, error)));
    probe.listen({ port: wanted, host: "127.0.0.1", exclusive: true }, () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : wanted;
      probe.close(() => found(port));
    });
  });
}

function portError(port: number, error: NodeJS.ErrnoException): Error {
  if (error.code !== "EADDRINUSE") return error;
  return new Error(
    `port ${port} is taken: stop what listens there, or choose another, with a folder of its own if that is another npm start: PORT=${port + 1} MCPG_STATE_DIR=.wrangler/state-${port + 1} npm start`,
  );
}
