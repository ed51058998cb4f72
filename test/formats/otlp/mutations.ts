/** Damaged copies of a body. Seeded, so that what fails once fails again. */
type Damage = (bytes: Uint8Array, at: number, pick: number) => Uint8Array;

const HUGE_VARINT = [0xff, 0xff, 0xff, 0xff, 0x0f];

const DAMAGES: readonly Damage[] = [
  (bytes, at) => bytes.slice(0, at),
  (bytes, at, pick) => bytes.with(at, pick),
  (bytes, at, pick) => bytes.with(at, bytes[at]! ^ (1 << (pick & 7))),
  (bytes, at) => joined(bytes.subarray(0, at), bytes.subarray(at + 1)),
  (bytes, at, pick) => joined(bytes.subarray(0, at), bytes.subarray(Math.max(0, at - pick))),
  (bytes, at) => joined(bytes.subarray(0, at), HUGE_VARINT, bytes.subarray(at + 1)),
  (bytes, at, pick) => joined(bytes.subarray(0, at), new Uint8Array(pick).fill(0x0b), bytes),
  (bytes, at, pick) => joined(bytes.subarray(0, at), new Uint8Array(pick).fill(pick), bytes),
];

export function* mutations(bytes: Uint8Array, count: number): Generator<Uint8Array> {
  let state = bytes.length + 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let copy = 0; copy < count; copy += 1) {
    let damaged = bytes;
    for (let time = 0; time <= copy % 3; time += 1) {
      const damage = DAMAGES[random(DAMAGES.length)]!;
      if (damaged.length > 0) damaged = damage(damaged, random(damaged.length), random(256));
    }
    yield damaged;
  }
}

function joined(...parts: readonly ArrayLike<number>[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
