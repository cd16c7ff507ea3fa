/**
 * The little of the protocol buffers encoding that ONNX takes: fields of a message one behind the other, each a tag and a
 * value. https://protobuf.dev/programming-guides/encoding/
 */
export class Message {
  private readonly parts: Uint8Array[]

  constructor() {
    this.parts = []
  }

  /** A whole number from 0 to 2^53 - 1, or -1. */
  integer(field: number, value: number): this {
    return this.push(varint(field * 8), varint(value))
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4)
    new DataView(bytes.buffer).setFloat32(0, value, true)
    return this.push(varint(field * 8 + 5), bytes)
  }

  bytes(field: number, value: Uint8Array): this {
    return this.push(varint(field * 8 + 2), varint(value.length), value)
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value))
  }

  message(field: number, value: Message): this {
    return this.bytes(field, value.finish())
  }

  finish(): Uint8Array {
    const all = new Uint8Array(this.parts.reduce((sum, part) => sum + part.length, 0))
    let at = 0
    for (const part of this.parts) {
      all.set(part, at)
      at += part.length
    }
    return all
  }

  private push(...parts: Uint8Array[]): this {
    this.parts.push(...parts)
    return this
  }
}

/** Seven bits a byte, the lowest first. */
function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let left = BigInt.asUintN(64, BigInt(value))
  while (left > 127n) {
    bytes.push(Number(left & 127n) | 128)
    left >>= 7n
  }
  bytes.push(Number(left))
  return Uint8Array.from(bytes)
}
