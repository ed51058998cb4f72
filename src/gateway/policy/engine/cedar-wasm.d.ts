/** The package hides its glue: its own loaders cannot start a second instance. */
declare module "*/cedar_wasm_bg.js" {
  export {
    isAuthorized,
    policySetTextToParts,
    policyToJson,
    preparsePolicySet,
    statefulIsAuthorized,
    validate,
  } from "@cedar-policy/cedar-wasm";
  export function __wbg_set_wasm(exports: WebAssembly.Exports): void;
}
