import {
  Batch,
  cancelOrder,
  EventKind,
  Instruments,
  MatchingEngine,
  newOrder,
  OrderType,
  pushCommand,
  RECORD_WORDS,
  Side,
  type Command,
} from '../src/book/index.ts'
import { HEAD, headKind, MAKER_OPEN_LOTS, MAKER_ORDER_ID, readU64 } from '../src/book/record.ts'
import { Random } from '../src/operators/simulator/random.ts'

/** Recorded commands of one instrument, whole ticks and lots: `prefill` fill the book, untimed; the rest is timed. */
export interface Workload {
  readonly commands: readonly Command[]
  readonly prefill: number
}

const MID = 10_000
const LOW = 10_000
const HIGH = 18_000

/** The instrument that workloads are for. */
export function workloadInstruments(): Instruments {
  return new Instruments([{ symbol: 'BENCH', tick: '1', lot: '1' }])
}

/**
 * Records flow around a slowly wandering price: 55% limit orders, a fifth of them crossing; 40% cancels of live
 * orders picked at random; 5% market orders; about ten thousand orders live. The same seed gives the same flow.
 */
export function recordWorkload(seed: number, events: number, prefill: number): Workload {
  const random = new Random(seed)
  const engine = new MatchingEngine(workloadInstruments())
  const commands: Command[] = []
  const live: number[] = []
  const positions = new Map<number, number>()
  let orderId = 0
  let mid = MID
  const drop = (order: number): void => {
    const at = positions.get(order)!
    const last = live.pop()!
    if (last !== order) {
      live[at] = last
      positions.set(last, at)
    }
    positions.delete(order)
  }
  const batch = new Batch(1)
  const apply = (command: Command): void => {
    commands.push(command)
    batch.count = 0
    engine.events.count = 0
    engine.apply(batch.words, pushCommand(batch, command))
    for (let at = 0; at < engine.events.count * RECORD_WORDS; at += RECORD_WORDS) {
      const { words } = engine.events
      const kind = headKind(words[at + HEAD]!)
      if (kind === EventKind.trade && words[at + MAKER_OPEN_LOTS] === 0)
        drop(readU64(words, at + MAKER_ORDER_ID))
    }
    if (command.orderType === OrderType.limit && engine.book.findOrder(command.orderId) !== 0) {
      positions.set(command.orderId, live.length)
      live.push(command.orderId)
    }
  }
  const limit = (side: number, priceTicks: number): void =>
    apply(newOrder({ orderId: ++orderId, side, priceTicks, lots: 1 + random.below(1_000) }))
  const passive = (): void => {
    const side = random.below(2)
    const offset = Math.min(100, 1 + Math.floor(100 * random.uniform() ** 2))
    const bid = engine.book.bestPrice(0, Side.buy)
    const offer = engine.book.bestPrice(0, Side.sell)
    if (side === Side.buy) limit(side, offer === 0 ? mid - offset : Math.min(mid - offset, offer - 1))
    else limit(side, Math.max(mid + offset, bid + 1))
  }
  const crossing = (): void => {
    const side = random.below(2)
    const best = engine.book.bestPrice(0, side ^ 1)
    if (best === 0) passive()
    else limit(side, side === Side.buy ? best + random.below(6) : best - random.below(6))
  }
  for (let i = 0; i < prefill; i++) passive()
  for (let i = 0; i < events; i++) {
    if (random.below(20) === 0)
      mid = Math.min(15_000, Math.max(5_000, mid + (random.below(2) === 0 ? -1 : 1)))
    const draw = random.below(100)
    const wantsCancel = draw >= 55 && draw < 95
    if (draw < 55 ? live.length <= HIGH : wantsCancel && live.length < LOW) {
      if (random.below(5) === 0) crossing()
      else passive()
    } else if (draw < 95) {
      const order = live[random.below(live.length)]!
      apply(cancelOrder(order))
      drop(order)
    } else
      apply(
        newOrder({
          orderId: ++orderId,
          side: random.below(2),
          orderType: OrderType.market,
          lots: 1 + random.below(1_000),
        }),
      )
  }
  return { commands, prefill }
}

/** A workload as command records. */
export function workloadRecords({ commands }: Workload): Batch {
  const batch = new Batch(commands.length)
  for (const command of commands) pushCommand(batch, { sequence: batch.count + 1, ...command })
  return batch
}
