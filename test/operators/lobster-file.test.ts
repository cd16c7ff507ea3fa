import { gzipSync } from 'node:zlib'
import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { Batch, EventKind, RejectCode } from '../../src/book/index.ts'
import { parseMessage } from '../../src/operators/lobster/messages.ts'
import { openAgreement } from '../../src/operators/lobster/agreement.ts'
import { openLobster } from '../../src/operators/lobster/lobster-source.ts'
import { Market } from '../../src/pipeline/market.ts'
import { drain, messageFile as file, opened, replay, temporaryFile } from '../support/lobster.ts'

const FILE = 'XYZ_message.csv'

function timeNs(time: string): unknown {
  const row = parseMessage(`${time},1,7,10,5000,1`, 1)
  return E.isRight(row) ? row.right.timestampNs : row.left.message
}

test('lobster message - time is exact to the nanosecond and finer digits are dropped', (t) => {
  t.is(timeNs('34200.004241176'), 34_200_004_241_176)
  t.is(timeNs('34200.1'), 34_200_100_000_000)
  t.is(timeNs('34200'), 34_200_000_000_000)
  t.is(timeNs('57599.9999999999999'), 57_599_999_999_999)
})

test('lobster message - a row that is none says where and what', (t) => {
  const faults: [string, number, RegExp][] = [
    ['34200.1,1,7,10,5000', 20, /expected 6 columns, got 5/],
    ['34200.1,1,7,10,5000,1,9', 23, /expected 6 columns, got 7/],
    ['noon,1,7,10,5000,1', 1, /time.*"noon"/],
    ['3.4e4,1,7,10,5000,1', 1, /time/],
    ['34200.1,8,7,10,5000,1', 9, /type: expected 1 to 7, got "8"/],
    ['34200.1,1,0,10,5000,1', 11, /order id/],
    ['34200.1,1,1099511627776,10,5000,1', 11, /below 2\^40/],
    ['34200.1,1,7,1.5,5000,1', 13, /size.*"1.5"/],
    ['34200.1,1,7,-1,5000,1', 13, /size/],
    ['34200.1,1,7,10,2147483648,1', 16, /price.*"2147483648"/],
    ['34200.1,1,7,10,5000,0', 21, /direction: expected 1 or -1, got "0"/],
    ['34200.1,1,7,10,5000,', 21, /direction.*""/],
  ]
  for (const [text, column, message] of faults) {
    const row = parseMessage(text, 3)
    if (E.isRight(row)) return t.fail(text)
    t.deepEqual([row.left.line, row.left.column], [3, column], text)
    t.regex(row.left.message, message)
  }
  return undefined
})

test('lobster message - a halt has order 0, size 0 and a price below 0', (t) => {
  t.true(E.isRight(parseMessage('34200.1,7,0,0,-1,-1', 1)))
})

test('lobster message - no text breaks the reader', (t) => {
  const field = fc.oneof(fc.string(), fc.constantFrom('1', '-1', '34200.5', '5000', '', ',', '1e9'))
  const property = fc.property(fc.array(field, { maxLength: 8 }), (fields) => {
    const text = fields.join(',')
    const row = parseMessage(text, 1)
    return E.isRight(row) || (row.left.column >= 1 && row.left.column <= text.length + 1)
  })
  t.notThrows(() => fc.assert(property))
})

test('lobster - rows that cannot be read become flagged commands in their place', async (t) => {
  const path = await file('1.1,1,11,10,5000,1', '1.2,1,12,ten,5000,1', '', '1.3,1,13,10,5000,1')
  const { commands, events, source } = await replay(path)
  t.deepEqual(
    commands.map(({ rejectCode }) => rejectCode),
    [0, RejectCode.MALFORMED, 0],
  )
  t.like(events[1], { kind: EventKind.rejected, code: RejectCode.MALFORMED })
  t.like(source.counts, { messages: 3, commands: 3, malformed: 1 })
  t.like(source.faults[0], { line: 2, column: 10 })
  t.regex(source.report().lines.at(-1)!, /XYZ_message\.csv:2:10 size: .* got "ten"$/)
})

test('lobster - line ends may be those of Windows, and the last may be missing', async (t) => {
  const path = await temporaryFile(FILE, '1.1,1,11,10,5000,1\r\n1.2,1,12,10,5000,1')
  const { source, commands } = await replay(path)
  t.is(commands.length, 2)
  t.is(source.counts.malformed, 0)
})

test('lobster - an empty file is an empty stream', async (t) => {
  for (const content of ['', gzipSync('')]) {
    const { source, commands, agreement } = await replay(await temporaryFile(FILE, content))
    t.is(commands.length, 0)
    t.is(source.counts.messages, 0)
    t.is(agreement.report().figures.compared, 0)
  }
})

/** Rows whose numbers do not repeat, so that packing leaves some bytes of each. */
const manyRows = Array.from(
  { length: 40_000 },
  (_, i) => `${i}.${(i * 7_919) % 10_007},1,${i + 1},${i % 997 || 1},${5_000 - (i % 61)},1`,
)

test('lobster - a packed file gives the same commands as a plain one, whatever the batches', async (t) => {
  const text = manyRows.join('\n')
  const plain = await replay(await temporaryFile(FILE, text))
  const packed = await replay(await temporaryFile(FILE, gzipSync(text)), 7)
  t.is(plain.commands.length, 40_000)
  t.deepEqual(packed.commands, plain.commands)
  t.deepEqual(packed.source.counts, plain.source.counts)
})

test('lobster - a packed file that is cut gives the rows before the cut, then one flagged record', async (t) => {
  const packed = gzipSync(manyRows.join('\n'))
  t.true(packed.length > 70_000, 'the cut is not in the first chunk')
  for (const bytes of [packed.length - 4, packed.length - 20_000, 1_000]) {
    const { commands, source } = await replay(await temporaryFile(FILE, packed.subarray(0, bytes)))
    const rows = commands.length - 1
    t.true(rows > 20 && rows < 40_000)
    t.is(commands[rows]!.rejectCode, RejectCode.MALFORMED)
    t.is(source.counts.malformed, 1)
    t.true(
      commands.slice(0, rows).every(({ orderId, lots }, i) => orderId === i + 1 && lots === (i % 997 || 1)),
    )
    t.like(source.faults[0], {
      line: rows + 1,
      column: 1,
      message: 'input broke off: gzip data is cut short',
    })
  }
})

test('lobster - a file that cannot be read is told by its name', async (t) => {
  const missing = { messages: '/no/such/XYZ_message.csv' }
  const reason = '/no/such/XYZ_message.csv: no such file or directory'
  t.deepEqual(await openLobster(new Market(), missing)(), E.left(reason))
  t.deepEqual(await openAgreement(new Market(), missing)(), E.left(reason))
  t.like(await openLobster(new Market(), { messages: '/', symbol: 'XYZ' })(), {
    left: '/: is a directory',
  })
  const garbled = await temporaryFile(FILE, gzipSync('1.1,1,11,10,5000,1\n').fill(0xff, 10))
  const result = await openLobster(new Market(), { messages: garbled })()
  t.true(E.isLeft(result) && /XYZ_message\.csv: input broke off/.test(result.left))
})

test('lobster - stopped early, it gives the rows it has read and ends', async (t) => {
  const path = await temporaryFile(FILE, manyRows.join('\n'))
  const source = await opened(openLobster(new Market(), { messages: path }))
  const batch = new Batch(8)
  t.true(source.pull(batch, 8))
  source.stop()
  let given = batch.count
  await drain(source, ({ count }) => (given += count))
  t.true(given >= 8 && given < 40_000)
  t.is(given, source.counts.commands)
  await source.close()
})
