// A client in plain JavaScript with nothing but the NATS package and docs/protocol.md: it sends two orders that trade,
// and prints the answers and the trade. Run `millrace run pipelines/nats-exchange.yaml` first.
import { crc32 } from 'node:zlib'
import { connect } from '@nats-io/transport-node'

const NEW = 1
const [BUY, SELL] = [0, 1]
const [LIMIT, GTC] = [1, 1]
const EVENTS = 2
const NAMES = ['', 'accepted', 'rejected', 'trade', 'cancelled']

/** A frame of commands: a header of 64 bytes, then records of 64 bytes. */
function commandFrame(orders) {
  const frame = Buffer.alloc(64 + orders.length * 64)
  frame.write('MLRC', 0, 'latin1')
  frame.writeUInt8(1, 4) // version
  frame.writeUInt8(1, 6) // kind: commands
  frame.writeUInt16LE(64, 8)
  frame.writeUInt16LE(64, 10)
  frame.writeUInt32LE(orders.length, 12)
  frame.writeBigUInt64LE(1n, 16) // number of the first record
  frame.writeBigUInt64LE(12345n, 24) // source
  orders.forEach(({ client, id, side, instrument, ticks, lots }, i) => {
    const at = 64 + i * 64
    frame.writeUInt8(NEW, at)
    frame.writeUInt8(side, at + 1)
    frame.writeUInt8(LIMIT, at + 2)
    frame.writeUInt8(GTC, at + 3)
    frame.writeInt32LE(instrument, at + 8)
    frame.writeUInt32LE(client, at + 12)
    frame.writeBigUInt64LE(BigInt(id), at + 24)
    frame.writeInt32LE(ticks, at + 32)
    frame.writeInt32LE(lots, at + 36)
  })
  frame.writeUInt32LE(crc32(frame.subarray(64), crc32(frame.subarray(0, 60))), 60)
  return frame
}

/** The events of a frame. */
function readEvents(bytes) {
  const frame = Buffer.from(bytes)
  if (frame.toString('latin1', 0, 4) !== 'MLRC') throw new Error(`not a frame: ${frame}`)
  if (crc32(frame.subarray(64), crc32(frame.subarray(0, 60))) !== frame.readUInt32LE(60))
    throw new Error('damaged')
  if (frame.readUInt8(6) !== EVENTS) throw new Error('not events')
  return Array.from({ length: frame.readUInt32LE(12) }, (_, i) => {
    const at = frame.readUInt16LE(8) + i * 64
    return {
      event: NAMES[frame.readUInt8(at)] ?? 'another',
      client: frame.readUInt32LE(at + 12),
      id: frame.readUInt32LE(at + 24), // the low half: the client's own number
      ticks: frame.readInt32LE(at + 32),
      lots: frame.readInt32LE(at + 36),
    }
  })
}

const nats = await connect({ servers: process.env.NATS_URL ?? 'nats://127.0.0.1:4222' })
const { instruments } = (await nats.request('md.instruments', '')).json()
const { number: instrument } = instruments.find(({ symbol }) => symbol === 'AAPL')

const trades = nats.subscribe('md.AAPL.trades', { max: 1 })
for (const [client, side] of [
  [101, SELL],
  [102, BUY],
]) {
  const order = { client, id: 1, side, instrument, ticks: 58_540, lots: 10 }
  const reply = await nats.request(`orders.${client}`, commandFrame([order]))
  const [answer] = readEvents(reply.data)
  console.log(`client ${answer.client}, order ${answer.id}: ${answer.event}`)
}
for await (const message of trades)
  for (const { event, lots, ticks } of readEvents(message.data))
    console.log(`${event}: ${lots} at ${ticks} ticks`)
await nats.close()
