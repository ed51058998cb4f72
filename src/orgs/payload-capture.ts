/**
 * Where payloads are taken from besides reports, whose senders choose what they send: nowhere, until the org says so.
 * Without the entitlement it makes no difference.
 */
export interface PayloadCapture {
  /** What calls through the gateway carry, of plugins that do not say otherwise. */
  readonly gateway: boolean;
  /** `gen_ai.tool.call.arguments` and `gen_ai.tool.call.result` of spans. */
  readonly otlp: boolean;
}

export const NO_CAPTURE: PayloadCapture = { gateway: false, otlp: false };
