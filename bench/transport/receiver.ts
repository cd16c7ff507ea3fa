// The receiver of the transport bench, a process of its own: counts trades and notes when each came.
import { connect } from '@nats-io/transport-node'
import { RECORD_WORDS } from '../../src/book/index.ts'
import { readU64, SEQUENCE } from '../../src/book/record.ts'
import { CreditGiver } from '../../src/transport/credit-giver.ts'
import { FrameReader, recordsOf } from '../../src/transport/frame.ts'

const [url, tradesText, isTimed] = process.argv.slice(2) as [string, string, string]
const wanted = Number(tradesText)
const connection = await connect({ servers: url, noAsyncTraces: true })
const reader = new FrameReader()
const credit = new CreditGiver((reply, bytes) => connection.publish(reply, bytes), 262_144, 1)
const sequences = new Float64Array(wanted)
const times = new Float64Array(wanted)
let count = 0
connection.subscribe('bench.trades', {
  callback: (_, message) => {
    if (reader.read(message.data) !== undefined) throw new Error('a bad frame')
    if (reader.isHello) return credit.hello(reader, message.reply ?? '')
    const tag = credit.arrived(reader, message.reply ?? '')
    if (tag === undefined) return
    const now = Number(process.hrtime.bigint())
    const words = recordsOf(message.data, reader)
    for (let i = 0; i < reader.count && count < wanted; i++) {
      sequences[count] = readU64(words, i * RECORD_WORDS + SEQUENCE)
      times[count++] = now
    }
    credit.taken(tag, reader.count)
    if (count < wanted) return
    // The last credit must reach the matcher before this ends.
    credit.stop()
    void connection.flush().then(() =>
      process.send?.({
        at: now,
        cpuUs: cpuUs(),
        ...(isTimed === 'yes' ? { sequences: [...sequences], times: [...times] } : {}),
      }),
    )
  },
})
await connection.flush()
process.send?.('ready')
const before = process.cpuUsage()

function cpuUs(): number {
  const { user, system } = process.cpuUsage(before)
  return user + system
}
