/** Why bytes are no OTLP message. `reason` is for the sender: it never quotes what was sent. */
export interface DecodeError {
  readonly reason: string;
  /** True for a message that is sound as far as it was read, and too long: its sender may split it. */
  readonly isTooLarge: boolean;
}

/** Thrown inside a decoder and caught at its one entry, which answers with a DecodeError. */
export class MalformedMessage extends Error {}

/** Thrown likewise, by a decoder that has read as much as it may. */
export class MessageTooLarge extends Error {}

/** Runs a decoder on a stranger's bytes: whatever is wrong with them is an answer, never an exception. */
export function decodeOrFail<Message>(decode: () => Message): Message | DecodeError {
  try {
    return decode();
  } catch (error) {
    if (error instanceof MalformedMessage) return { reason: error.message, isTooLarge: false };
    if (error instanceof MessageTooLarge) return { reason: error.message, isTooLarge: true };
    // BinaryReader and TextDecoder throw plain errors on what they cannot read, and nothing else does.
    return { reason: "the message is damaged or cut short", isTooLarge: false };
  }
}
