import { cancelOrder, EventKind, newOrder, OrderType } from '../../src/book/index.ts'
import { workloadInstruments } from '../../src/cli/bench/workload.ts'
import { NaiveEngine } from './naive-engine.ts'

export interface NaiveAnswer {
  readonly trades: number
  readonly lots: number
  readonly hash: number
  readonly lowestTicks: number
  readonly highestTicks: number
}

/** Plays the bytes of a workload file on the naive engine, reading them without the code under test. */
export function naiveAnswer(file: Uint8Array): NaiveAnswer {
  const bytes = Buffer.from(file)
  const prefill = bytes.readUInt32LE(12)
  const count = prefill + bytes.readUInt32LE(16)
  const engine = new NaiveEngine(workloadInstruments(65_536))
  let [trades, lots, hash, lowestTicks, highestTicks] = [0, 0, 0x811c9dc5n, Infinity, 0]
  for (let i = 0; i < count; i++) {
    const record = bytes.subarray(32 + 16 * i)
    const [op, side, instrument] = [record[0]!, record[1]!, record.readUInt16LE(2)]
    const orderId = record.readUInt32LE(4)
    const terms = { orderId, instrument, side, lots: record.readUInt32LE(12) }
    const events = engine.apply(
      [
        newOrder({ ...terms, priceTicks: record.readInt32LE(8) }),
        cancelOrder(orderId),
        newOrder({ ...terms, orderType: OrderType.market }),
      ][op]!,
    )
    for (const event of events) {
      if (i < prefill || event.kind !== EventKind.trade) continue
      trades++
      lots += event.lots
      lowestTicks = Math.min(lowestTicks, event.priceTicks)
      highestTicks = Math.max(highestTicks, event.priceTicks)
      for (const value of [event.makerOrderId, event.orderId, event.priceTicks, event.lots])
        hash = ((hash ^ BigInt(value)) * 0x9e3779b1n) & 0xffff_ffffn
    }
  }
  return { trades, lots, hash: Number(hash), lowestTicks, highestTicks }
}
