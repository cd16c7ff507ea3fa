import {
  Batch,
  Instruments,
  newOrder,
  pushCommand,
  Side,
  TimeInForce,
  type Command,
} from '../../src/book/index.ts'
import { amendOrder, cancelOrder } from '../../src/book/command.ts'
import type { RiskSettings } from '../../src/risk/index.ts'

/** Every check on, with limits that this flow stays within: nothing is refused early, so all of them are made. */
export const EVERY_CHECK: RiskSettings = {
  limits: {
    killSwitch: false,
    tradingState: 'active',
    allowed: true,
    maxOrderLots: 1_000_000,
    maxNotional: '1000000000',
    collarTicks: 1_000_000,
    collarBestTicks: 1_000_000,
    collarReferenceTicks: 1_000_000,
    staleAfterSeconds: 1_000_000,
    staleAfterCommands: 1_000_000_000,
    rejectStale: true,
    maxPositionLots: 1_000_000_000,
    maxGrossExposure: '1000000000000',
    maxNetExposure: '1000000000000',
    maxDailyLoss: '1000000000000',
    messagesPerSecond: 1_000_000,
    messageBurst: 1_000_000,
    maxOrderToTrade: 1_000_000,
    duplicateSeconds: 0,
    duplicateCommands: 0,
    rejectSelfTrade: true,
    requireProtection: true,
  },
  // Random orders meet their own now and then.
  onBreach: { selfTrade: 'alert' },
  breakers: {
    rejects: { most: 1_000_000, seconds: 1, coolDownSeconds: 1 },
    loss: { amount: '1000000000000', coolDownSeconds: 1 },
    priceMove: { ticks: 1_000_000, seconds: 1, coolDownSeconds: 1 },
  },
}

export interface RiskFlow {
  readonly instruments: Instruments
  readonly records: Batch
  /** How many of them come before what is timed. */
  readonly warm: number
}

const START_NS = 1_790_000_000_000_000_000n

/**
 * Orders of random clients in random instruments around 10,000 ticks: 70 new ones, 22 cancels and 8 amends of a hundred.
 * @param pairs the client and the instrument of the nth order
 */
export function makeFlow(
  instrumentCount: number,
  orders: number,
  warm: number,
  pairs: (n: number, below: (bound: number) => number) => readonly [client: number, instrument: number],
): RiskFlow {
  const below = seeded(7)
  const instruments = new Instruments(
    Array.from({ length: instrumentCount }, (_, i) => ({
      symbol: `S${i}`,
      tick: '0.01',
      lot: '1',
      referencePrice: '100',
    })),
  )
  const records = new Batch(orders)
  const live: Command[] = []
  for (let n = 0; n < orders; n++) {
    const timestampNs = START_NS + BigInt(n) * 10_000n
    const choice = below(100)
    const stamp = { sequence: n + 1, timestampNs }
    if (choice < 30 && live.length > 1_000) {
      const at = below(live.length)
      const { orderId, client } = live[at]!
      if (choice < 22) {
        live[at] = live.at(-1)!
        live.pop()
        pushCommand(records, { ...cancelOrder(orderId, client), ...stamp })
      } else pushCommand(records, { ...amendOrder(orderId, { lots: 1 + below(90) }, client), ...stamp })
      continue
    }
    const [client, instrument] = pairs(n, below)
    const side = below(2)
    const offset = below(20) - 6
    const order = newOrder({
      orderId: n + 1,
      client,
      instrument,
      side,
      lots: 1 + below(100),
      priceTicks: side === Side.buy ? 10_000 - offset : 10_000 + offset,
      timeInForce: below(6) === 0 ? TimeInForce.ioc : TimeInForce.gtc,
    })
    if (order.timeInForce === TimeInForce.gtc) live.push(order)
    pushCommand(records, { ...order, ...stamp })
  }
  return { instruments, records, warm }
}

/** The flows of the bench by name. */
export function flowOf(name: string): RiskFlow {
  if (name === 'typical') return makeFlow(5, 400_000, 100_000, (_, below) => [1 + below(250), below(5)])
  // A client is in ten instruments of its own choice, so there are a million positions.
  if (name === 'sparse')
    return makeFlow(1_000, 1_400_000, 1_000_000, (_, below) => {
      const client = 1 + below(100_000)
      return [client, (Math.imul(client, 7_919) + below(10) * 101) % 1_000]
    })
  const width = Number(name.split(' ')[1])
  return makeFlow(Math.max(width, 2), 40_000 + width * 100, width * 100 + 10_000, (_, below) => [
    1 + below(20),
    below(width),
  ])
}

/** Whole numbers below a bound, the same for the same seed (mulberry32). */
function seeded(seed: number): (bound: number) => number {
  let state = seed
  return (bound) => {
    state = (state + 0x6d2b_79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * bound)
  }
}
