import type { Batch } from './batch.ts'
import {
  CLIENT,
  CODE,
  EventKind,
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
  PRICE_TICKS,
  readU64,
  RECORD_WORDS,
  SEQUENCE,
} from './record.ts'

/** What every event says. Whole ticks and lots; numbers stand for EventKind, Side, OrderType and TimeInForce. */
interface EventBase {
  /** Sequence of the command that caused the event. */
  readonly sequence: number
  readonly instrument: number
  /** Owner of the order; the taker's in a trade. */
  readonly client: number
  /** The taker's in a trade. */
  readonly orderId: number
  readonly side: number
  readonly orderType: number
  readonly timeInForce: number
  readonly priceTicks: number
  readonly lots: number
  /** Lots of the order (the taker's in a trade) that are open after the event. */
  readonly openLots: number
}

export type EngineEvent =
  | (EventBase & { readonly kind: typeof EventKind.accepted })
  | (EventBase & { readonly kind: typeof EventKind.rejected; readonly code: number })
  | (EventBase & { readonly kind: typeof EventKind.cancelled; readonly reason: number })
  | (EventBase & { readonly kind: typeof EventKind.amended; readonly previousOpenLots: number })
  | (EventBase & {
      readonly kind: typeof EventKind.trade
      readonly matchNumber: number
      readonly makerOrderId: number
      readonly makerClient: number
      readonly makerOpenLots: number
    })

/** The event record that begins at a word, as an object: for callbacks, tests and the edges. */
export function readEvent(words: Int32Array, at: number): EngineEvent {
  const head = words[at + HEAD]!
  const code = words[at + CODE]! & 0xffff
  const base: EventBase = {
    sequence: readU64(words, at + SEQUENCE),
    instrument: words[at + INSTRUMENT]!,
    client: words[at + CLIENT]! >>> 0,
    orderId: readU64(words, at + ORDER_ID),
    side: headSide(head),
    orderType: headOrderType(head),
    timeInForce: headTimeInForce(head),
    priceTicks: words[at + PRICE_TICKS]!,
    lots: words[at + LOTS]!,
    openLots: words[at + OPEN_LOTS]!,
  }
  switch (headKind(head)) {
    case EventKind.accepted:
      return { kind: EventKind.accepted, ...base }
    case EventKind.rejected:
      return { kind: EventKind.rejected, ...base, code }
    case EventKind.cancelled:
      return { kind: EventKind.cancelled, ...base, reason: code }
    case EventKind.amended:
      return { kind: EventKind.amended, ...base, previousOpenLots: words[at + MAKER_OPEN_LOTS]! }
    case EventKind.trade:
      return {
        kind: EventKind.trade,
        ...base,
        matchNumber: (words[at + CODE]! >>> 16) * 4_294_967_296 + (words[at + MATCH_LOW]! >>> 0),
        makerOrderId: readU64(words, at + MAKER_ORDER_ID),
        makerClient: words[at + MAKER_CLIENT]! >>> 0,
        makerOpenLots: words[at + MAKER_OPEN_LOTS]!,
      }
    default:
      throw new RangeError(`not an event record: kind ${headKind(head)} at word ${at}`)
  }
}

/** All events of a batch as objects. */
export function readEvents(batch: Batch): EngineEvent[] {
  const events: EngineEvent[] = []
  for (let i = 0; i < batch.count; i++) events.push(readEvent(batch.words, i * RECORD_WORDS))
  return events
}
