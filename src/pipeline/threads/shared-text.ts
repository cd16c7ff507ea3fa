/** Room for a text that one thread writes again and again and others read when they like. Half a MiB. */
const TEXT_BYTES = 524_288
const VERSION = 0
const LENGTH = 1
const HEADER_BYTES = 8
const TRIES = 1_000

export function textMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEADER_BYTES + TEXT_BYTES)
}

/** Writes under a version that is odd meanwhile. A text that is too long is left out. */
export function writeText(memory: SharedArrayBuffer, text: string): void {
  const words = new Int32Array(memory, 0, 2)
  const bytes = Buffer.from(text)
  if (bytes.length > TEXT_BYTES) return
  Atomics.add(words, VERSION, 1)
  bytes.copy(new Uint8Array(memory, HEADER_BYTES))
  Atomics.store(words, LENGTH, bytes.length)
  Atomics.add(words, VERSION, 1)
}

/** The text that was written last, whole; undefined before the first, or if its writer stands still in the middle of one. */
export function readText(memory: SharedArrayBuffer): string | undefined {
  const words = new Int32Array(memory, 0, 2)
  for (let turn = 0; turn < TRIES; turn++) {
    const before = Atomics.load(words, VERSION)
    if (before === 0) return undefined
    if ((before & 1) === 1) continue
    const text = Buffer.from(new Uint8Array(memory, HEADER_BYTES, Atomics.load(words, LENGTH)).slice())
    if (Atomics.load(words, VERSION) === before) return text.toString()
  }
  return undefined
}
