/** As Workers import it: compiled, and nothing else of it. */
declare module "#wasm/*.wasm" {
  const compiled: WebAssembly.Module;

  export default compiled;
}
