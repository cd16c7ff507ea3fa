// A process that reads a ring in a file to its end: `process-reader.ts FILE LEDGER`. How far it is, it keeps in another
// file, so that it can tell what it had dealt with before it died. It ends with 1 if a record is not the one expected.
import { openMappedFile } from '../../../src/memory/mapped-file.ts'
import { CLOSED, openRingReader } from '../../../src/memory/ring/index.ts'
import { RECORD_WORDS } from '../../../src/memory/ring/layout.ts'
import { recordFault } from './records.ts'

const [file = '', ledgerFile = ''] = process.argv.slice(2)
/** Word 0: position of the next record to deal with; 1: most records that came again after a death. */
const ledger = new Int32Array(openMappedFile(ledgerFile).buffer)
const ring = await openRingReader(file)
const { side } = ring
const words = new Int32Array(64 * RECORD_WORDS)
for (;;) {
  const from = side.position
  const count = side.take(words, 64)
  if (count === CLOSED) break
  if (count === 0) {
    side.blockForRecords(100)
    continue
  }
  const again = (ledger[0]! - from) | 0
  if (again < 0 || again > 64) fail(`at ${from}, the ledger is at ${ledger[0]}`)
  ledger[1] = Math.max(ledger[1]!, again)
  const sequences = [from]
  for (let i = 0; i < count; i++) {
    const fault = recordFault(words, i, sequences)
    if (fault !== undefined) fail(fault)
  }
  if (((from + count - ledger[0]!) | 0) > 0) Atomics.store(ledger, 0, (from + count) | 0)
  side.release()
}
await ring.close()

function fail(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
