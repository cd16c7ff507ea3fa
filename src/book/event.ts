import type { Batch } from './batch.ts'
import {
  CLIENT,
  CODE,
  DISPLAY_LOTS,
  EVENT_EXPIRY_SECONDS,
  EVENT_STOP_TICKS,
  EventKind,
  FIRST_TOTAL,
  HEAD,
  headKind,
  headOrderType,
  headSide,
  headTimeInForce,
  INSTRUMENT,
  LOTS,
  MAKER_CLIENT,
  MAKER_OPEN_LOTS,
  MAKER_ORDER_ID,
  MATCH_LOW,
  OPEN_LOTS,
  ORDER_ID,
  orderFlags,
  PREVIOUS_OPEN_LOTS,
  PRICE_TICKS,
  readU64,
  RECORD_WORDS,
  SECOND_TOTAL,
  SEQUENCE,
  TIMESTAMP_NS,
} from './record.ts'

/** What every event says. Whole ticks and lots; numbers stand for EventKind, Side, OrderType and TimeInForce. */
interface EventBase {
  /** Sequence of the command that caused the event. */
  readonly sequence: number
  readonly instrument: number
  /** Owner of the order; the taker's in a trade. */
  readonly client: number
  /** The taker's in a trade; the buy order in a trade of an auction. */
  readonly orderId: number
  /** BOTH_SIDES in a trade of an auction. */
  readonly side: number
  readonly orderType: number
  readonly timeInForce: number
  readonly priceTicks: number
  readonly lots: number
  /** Lots of the order (the taker's in a trade) that are open after the event. */
  readonly openLots: number
}

export type EngineEvent =
  | (EventBase & {
      readonly kind: typeof EventKind.accepted
      /** OrderFlag bits. */
      readonly flags: number
      /** How much shows at a time; 0 where all of it does, or the order is hidden. */
      readonly displayLots: number
      /** Trigger price of a stop, a trailing one too; 0 of other orders. */
      readonly stopTicks: number
      readonly expirySeconds: number
    })
  | (EventBase & { readonly kind: typeof EventKind.rejected; readonly code: number })
  | (EventBase & { readonly kind: typeof EventKind.cancelled; readonly reason: number })
  | (EventBase & {
      readonly kind: typeof EventKind.amended
      readonly previousOpenLots: number
      readonly stopTicks: number
    })
  | (EventBase & {
      readonly kind: typeof EventKind.replaced
      readonly previousOpenLots: number
      readonly previousOrderId: number
      readonly stopTicks: number
    })
  | (EventBase & { readonly kind: typeof EventKind.triggered; readonly stopTicks: number })
  | (EventBase & {
      readonly kind: typeof EventKind.trade
      readonly matchNumber: number
      readonly makerOrderId: number
      readonly makerClient: number
      readonly makerOpenLots: number
    })
  | (EventBase & {
      readonly kind: typeof EventKind.applied
      readonly commandKind: number
      /** Nanoseconds since 1970, of a time command. */
      readonly timestampNs: bigint
    })
  | (EventBase & {
      readonly kind: typeof EventKind.state
      /** A TradingState, as the next one. */
      readonly state: number
      readonly previousState: number
      /** A StateCause. */
      readonly cause: number
    })
  | (EventBase & {
      readonly kind: typeof EventKind.level
      /** Displayed orders, and their displayed lots. */
      readonly orders: number
      readonly totalLots: number
    })
  | (EventBase & {
      readonly kind: typeof EventKind.bestPrices
      /** In ticks; 0 where there is none. */
      readonly bidTicks: number
      readonly offerTicks: number
      readonly bidLots: number
      readonly offerLots: number
    })
  | (EventBase & {
      readonly kind: typeof EventKind.indication
      /** Lots that would trade at `priceTicks`, and those left over on `side`. A price of 0: nothing would trade. */
      readonly volumeLots: number
      readonly surplusLots: number
    })
  | (EventBase & {
      readonly kind: typeof EventKind.decision
      /** Bits that say what was done and why: src/ai/routing/decision.ts reads the whole of it. */
      readonly bits: number
    })

/** The event record that begins at a word, as an object: for callbacks, tests and the edges. */
export function readEvent(words: Int32Array, at: number): EngineEvent {
  const head = words[at + HEAD]!
  const kind = headKind(head)
  const code = words[at + CODE]! & 0xffff
  const base: EventBase = {
    sequence: readU64(words, at + SEQUENCE),
    instrument: words[at + INSTRUMENT]!,
    client: words[at + CLIENT]! >>> 0,
    orderId: readU64(words, at + ORDER_ID),
    side: headSide(head),
    orderType: kind === EventKind.applied ? 0 : headOrderType(head),
    timeInForce: headTimeInForce(head),
    priceTicks: words[at + PRICE_TICKS]!,
    lots: words[at + LOTS]!,
    openLots: words[at + OPEN_LOTS]!,
  }
  const previousOpenLots = words[at + PREVIOUS_OPEN_LOTS]!
  const stopTicks = words[at + EVENT_STOP_TICKS]!
  switch (kind) {
    case EventKind.accepted:
      return {
        kind,
        ...base,
        flags: orderFlags(words[at + CODE]!),
        displayLots: words[at + DISPLAY_LOTS]!,
        stopTicks,
        expirySeconds: words[at + EVENT_EXPIRY_SECONDS]!,
      }
    case EventKind.rejected:
      return { kind, ...base, code }
    case EventKind.cancelled:
      return { kind, ...base, reason: code }
    case EventKind.amended:
      return { kind, ...base, previousOpenLots, stopTicks }
    case EventKind.replaced:
      return {
        kind,
        ...base,
        previousOpenLots,
        previousOrderId: readU64(words, at + MAKER_ORDER_ID),
        stopTicks,
      }
    case EventKind.triggered:
      return { kind, ...base, stopTicks }
    case EventKind.trade:
      return {
        kind,
        ...base,
        matchNumber: (words[at + CODE]! >>> 16) * 4_294_967_296 + (words[at + MATCH_LOW]! >>> 0),
        makerOrderId: readU64(words, at + MAKER_ORDER_ID),
        makerClient: words[at + MAKER_CLIENT]! >>> 0,
        makerOpenLots: words[at + MAKER_OPEN_LOTS]!,
      }
    default:
      return readMarketEvent(words, at, kind, base)
  }
}

/** Events that are of no order: of commands that name none, and of what the book and the market are like. */
function readMarketEvent(words: Int32Array, at: number, kind: number, base: EventBase): EngineEvent {
  const code = words[at + CODE]! & 0xffff
  const [first, second] = [readU64(words, at + FIRST_TOTAL), readU64(words, at + SECOND_TOTAL)]
  switch (kind) {
    case EventKind.applied:
      return {
        kind,
        ...base,
        commandKind: headOrderType(words[at + HEAD]!),
        timestampNs: readTimestamp(words, at),
      }
    case EventKind.state:
      return { kind, ...base, state: code, previousState: base.lots, cause: base.openLots }
    case EventKind.level:
      return { kind, ...base, orders: base.openLots, totalLots: first }
    case EventKind.bestPrices:
      return {
        kind,
        ...base,
        bidTicks: base.priceTicks,
        offerTicks: base.lots,
        bidLots: first,
        offerLots: second,
      }
    case EventKind.decision:
      return { ...base, kind, bits: code }
    case EventKind.indication:
      return { kind, ...base, volumeLots: first, surplusLots: second }
    default:
      throw new RangeError(`not an event record: kind ${kind} at word ${at}`)
  }
}

/** Nanoseconds since 1970 of a command or an applied event. */
export function readTimestamp(words: Int32Array, at: number): bigint {
  const low = BigInt(words[at + TIMESTAMP_NS]! >>> 0)
  return (BigInt(words[at + TIMESTAMP_NS + 1]! >>> 0) << 32n) | low
}

/** All events of a batch as objects. */
export function readEvents(batch: Batch): EngineEvent[] {
  const events: EngineEvent[] = []
  for (let i = 0; i < batch.count; i++) events.push(readEvent(batch.words, i * RECORD_WORDS))
  return events
}
