/** The signals that ask a program to end; the second one ends it at once, the leash does the rest. */
export function stopOnSignals(stop: AbortController): void {
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(1);
      console.log(`${name}: stopping`);
      stop.abort();
    });
  }
}

/**
 * For a start through npm: `kill <npm>` reaches npm's shell, which dies without passing it on. Our
 * parent is then another one, and nobody is left who could stop us.
 */
export function stopWithParent(stop: AbortController): void {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    console.log("npm has ended: stopping");
    stop.abort();
  }, 500);
  watch.unref();
}
