/**
 * Cedar, loaded when it is first asked for, and anew when it broke. An expression that is nested too deep overruns the
 * module's stack, and from then on the instance fails whatever it is asked: one org's text would deny all others'
 * calls for as long as the isolate lives. So a call that throws costs the instance.
 */
import * as glue from "../../../../node_modules/@cedar-policy/cedar-wasm/esm/cedar_wasm_bg.js";
// @ts-expect-error: the package declares what an instance of it exports, not the module.
import wasm from "../../../../node_modules/@cedar-policy/cedar-wasm/esm/cedar_wasm_bg.wasm";

export type Cedar = typeof glue;

const cedarModule: WebAssembly.Module = wasm;

interface CedarExports extends WebAssembly.Exports {
  memory: WebAssembly.Memory;
  __wbindgen_start(): void;
}

/** A call that threw. What was thrown may quote what was asked, and stays here. */
export class CedarBroke extends Error {}

/** The glue serves one instance at a time. */
let served: CedarExports | null = null;

export class CedarInstance {
  #exports: CedarExports | null = null;
  #starts = 0;

  /** Whatever was preparsed before it was raised is gone. */
  get starts(): number {
    return this.#starts;
  }

  call<Answer>(ask: (cedar: Cedar) => Answer): Answer {
    this.#exports ??= this.#start();
    serve(this.#exports);
    try {
      return ask(glue);
    } catch {
      this.#exports = null;
      throw new CedarBroke();
    }
  }

  #start(): CedarExports {
    const { exports } = new WebAssembly.Instance(cedarModule, {
      "./cedar_wasm_bg.js": { ...glue },
    });
    const started = exports as CedarExports;
    serve(started);
    started.__wbindgen_start();
    this.#starts += 1;
    return started;
  }
}

function serve(exports: CedarExports): void {
  if (served === exports) return;
  // Not for room: memory that grew has another buffer, by which the glue sees that its views are stale.
  served?.memory.grow(0);
  glue.__wbg_set_wasm(exports);
  served = exports;
}
