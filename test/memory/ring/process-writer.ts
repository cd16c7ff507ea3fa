// A process that writes records numbered by their position into a ring in a file: `process-writer.ts FILE END`, up to
// the position END. One that comes after another goes on where that one was.
import { openRingWriter } from '../../../src/memory/ring/index.ts'
import { RECORD_WORDS } from '../../../src/memory/ring/layout.ts'
import { writeRecord } from './records.ts'

const [file = '', end = '0'] = process.argv.slice(2)
const ring = await openRingWriter(file, 1_024)
const { side } = ring
const words = new Int32Array(128 * RECORD_WORDS)
let size = 0
for (;;) {
  const from = side.position
  const left = (Number(end) - from) | 0
  if (left === 0) break
  size = (size % 128) + 1
  const count = Math.min(size, left)
  for (let i = 0; i < count; i++) writeRecord(words, i, 0, (from + i) | 0)
  if (side.write(words, 0, count) === 0) side.blockForRoom(1, 100)
}
side.end()
await ring.close()
