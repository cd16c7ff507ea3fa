import { NONE } from '../../memory/heap.ts'
import { ownSide } from '../matching/book-side.ts'
import type { EngineState } from '../state/engine-state.ts'
import {
  BLOCK_BAND_TICKS,
  BLOCK_CARE,
  BLOCK_MAX_LOTS,
  BLOCK_MAX_PRICE_TICKS,
  BLOCK_MIN_PRICE_TICKS,
  BLOCK_SELF_TRADE,
  BLOCK_STATE,
  BLOCK_TRAIL_HEAD,
  BLOCK_WAITING,
} from '../state/instrument-block.ts'
import {
  LEVEL_CONCEALED,
  LEVEL_COUNT,
  LEVEL_HEAD,
  LEVEL_HIDDEN_COUNT,
  LEVEL_HIDDEN_HEAD,
  LEVEL_PRICE_TICKS,
  LEVEL_SHOWN,
  LEVEL_SIDE,
  LEVEL_TAIL,
} from '../state/level.ts'
import { eachLive, stopSide } from '../state/live-orders.ts'
import type { MatchingEngine } from '../matching-engine.ts'
import {
  ORDER_HEAD,
  ORDER_ID_HIGH,
  ORDER_ID_LOW,
  ORDER_INSTRUMENT,
  ORDER_LEVEL,
  ORDER_NEXT,
  ORDER_OPEN_LOTS,
  ORDER_PREVIOUS,
  ORDER_PRICE_TICKS,
  ORDER_SEQUENCE,
  ORDER_TERMS,
  ORDER_TOTAL_LOTS,
} from '../state/order.ts'
import { isHiddenAtRest, shownLots } from '../state/order-queue.ts'
import { Care } from '../state/care.ts'
import { addNodes, findLevel, nextLevel, SIDE_BEST, SIDE_LEVELS, SIDE_RISING } from '../state/price-ladder.ts'
import { headSide, readU64, SelfTrade, Side, TradingState } from '../record.ts'
import { isAuction } from '../matching/state-change.ts'
import {
  TERMS_EXPIRY_LEVEL,
  TERMS_EXPIRY_NEXT,
  TERMS_EXPIRY_PREVIOUS,
  TERMS_EXPIRY_SECONDS,
  TERMS_IS_WAITING,
  TERMS_PARTNER,
  TERMS_SHOWN_LOTS,
  TERMS_STOP_TICKS,
  TERMS_TRAIL_NEXT,
  TERMS_TRAIL_TICKS,
} from '../state/terms.ts'

/** What a check may be let off. */
export interface Allowances {
  /** Commands came with sequences in no order, so queues cannot be expected to have theirs in order. */
  readonly anySequence?: boolean
}

/** What has been met so far; stops are those of one instrument, links are counted from both ends. */
interface Seen {
  orders: number
  levels: number
  terms: number
  waiting: number
  trailing: number
  links: number
  readonly nodes: Set<number>
}

/** Something that must always hold does not. */
class Broken extends Error {}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Broken(what)
}

/**
 * Checks all that must hold of an engine between two commands: not crossed while trading continuously, totals are sums,
 * queues in order, index and queues hold the same orders, every slot accounted for. Slow: it reads the whole book.
 * @returns what is wrong first, or undefined
 */
export function checkInvariants({ state }: MatchingEngine, allowances: Allowances = {}): string | undefined {
  try {
    check(state, allowances)
    return undefined
  } catch (error) {
    if (error instanceof Broken) return error.message
    throw error
  }
}

function check(state: EngineState, allowances: Allowances): void {
  const seen: Seen = { orders: 0, levels: 0, terms: 0, waiting: 0, trailing: 0, links: 0, nodes: new Set() }
  let auctions = 0
  for (let instrument = 0; instrument < state.known; instrument++) {
    const block = state.blocks[instrument]!
    seen.waiting = seen.trailing = 0
    if (isAuction(state.words[block + BLOCK_STATE]!)) auctions++
    for (const side of [Side.buy, Side.sell])
      for (const isStop of [false, true])
        checkSide(
          state,
          instrument,
          side,
          isStop ? stopSide(block, side) : ownSide(block, side),
          seen,
          allowances,
        )
    checkInstrument(state, instrument, block, seen)
  }
  seen.levels += checkExpiries(state, seen)
  let live = 0
  eachLive(state, (slot) => {
    live++
    checkOrder(state, slot)
  })
  const { orders, levels, nodes, terms, index } = state
  must(state.auctions === auctions, `${state.auctions} auctions counted, ${auctions} under way`)
  must(state.links * 2 === seen.links, `${state.links} links counted, ${seen.links} ends of links`)
  must(state.takerPartner === NONE, 'an order at work between two commands')
  must(seen.orders === live, `${live} live slots, ${seen.orders} orders in queues`)
  must(orders.used === live, `${orders.used} order slots in use, ${live} live`)
  must(index.count === live, `${index.count} ids in the index, ${live} live orders`)
  must(levels.used === seen.levels, `${levels.used} level slots in use, ${seen.levels} in ladders`)
  must(nodes.used === seen.nodes.size, `${nodes.used} node slots in use, ${seen.nodes.size} in ladders`)
  must(terms.used === seen.terms, `${terms.used} terms slots in use, ${seen.terms} of live orders`)
}

function checkInstrument(
  { words, instruments }: EngineState,
  instrument: number,
  block: number,
  seen: Seen,
): void {
  const isContinuous = words[block + BLOCK_STATE] === TradingState.continuous
  const bid = words[ownSide(block, Side.buy) + SIDE_BEST]!
  const offer = words[ownSide(block, Side.sell) + SIDE_BEST]!
  if (isContinuous && bid !== NONE && offer !== NONE) {
    const [bidTicks, offerTicks] = [words[bid + LEVEL_PRICE_TICKS]!, words[offer + LEVEL_PRICE_TICKS]!]
    must(bidTicks < offerTicks, `instrument ${instrument}: bid ${bidTicks} crosses offer ${offerTicks}`)
  }
  const waiting = words[block + BLOCK_WAITING]!
  const care =
    (isContinuous ? 0 : Care.state) |
    (words[block + BLOCK_BAND_TICKS] === 0 ? 0 : Care.band) |
    (words[block + BLOCK_SELF_TRADE] === SelfTrade.allow ? 0 : Care.selfTrade) |
    (waiting === 0 ? 0 : Care.stops)
  must(words[block + BLOCK_CARE] === care, `instrument ${instrument}: does not take the care that it needs`)
  const limits = [BLOCK_MAX_LOTS, BLOCK_MIN_PRICE_TICKS, BLOCK_MAX_PRICE_TICKS].map((at) => words[block + at])
  const { maxOrderLots, minPriceTicks, maxPriceTicks } = instruments
  must(
    limits.join() === [maxOrderLots, minPriceTicks, maxPriceTicks].map((column) => column[instrument]).join(),
    `instrument ${instrument}: does not keep to its limits`,
  )
  let trailing = 0
  for (let slot = words[block + BLOCK_TRAIL_HEAD]!; slot !== NONE; trailing++)
    slot = words[words[slot + ORDER_TERMS]! + TERMS_TRAIL_NEXT]!
  must(seen.waiting === waiting, `instrument ${instrument}: ${waiting} stops counted, ${seen.waiting} wait`)
  must(
    seen.trailing === trailing,
    `instrument ${instrument}: ${trailing} trailing stops listed of ${seen.trailing}`,
  )
}

function checkSide(
  state: EngineState,
  instrument: number,
  side: number,
  ladderSide: number,
  seen: Seen,
  allowances: Allowances,
): void {
  const { words } = state
  let levels = 0
  let before = NONE
  for (let level = words[ladderSide + SIDE_BEST]!; level !== NONE; level = nextLevel(words, level)) {
    const price = words[level + LEVEL_PRICE_TICKS]!
    const where = `instrument ${instrument}, side ${side}, level ${price}`
    must(words[level + LEVEL_SIDE] === ladderSide, `${where}: belongs to another side`)
    must(findLevel(words, ladderSide, price) === level, `${where}: not found by its price`)
    if (before !== NONE) {
      const last = words[before + LEVEL_PRICE_TICKS]!
      must(words[ladderSide + SIDE_RISING] === 1 ? price > last : price < last, `${where}: behind ${last}`)
    }
    checkQueue(state, level, where, seen, allowances)
    addNodes(words, level, seen.nodes)
    before = level
    levels++
  }
  must(words[ladderSide + SIDE_LEVELS] === levels, `instrument ${instrument}, side ${side}: count of levels`)
  seen.levels += levels
}

function checkQueue(
  state: EngineState,
  level: number,
  where: string,
  seen: Seen,
  { anySequence = false }: Allowances,
): void {
  const { words, totals } = state
  const sums = { count: 0, shown: 0, concealed: 0, hidden: 0 }
  let [previous, sequence, firstHidden] = [level, 0, NONE]
  for (let slot = words[level + LEVEL_HEAD]!; slot !== level; slot = words[slot + ORDER_NEXT]!) {
    const isHidden = isHiddenAtRest(words, slot)
    if (isHidden && firstHidden === NONE) [firstHidden, sequence] = [slot, 0]
    must(isHidden || firstHidden === NONE, `${where}: a displayed order behind a hidden one`)
    must(words[slot + ORDER_PREVIOUS] === previous, `${where}: broken link`)
    must(words[slot + ORDER_LEVEL] === level, `${where}: an order of another level`)
    const own = readU64(words, slot + ORDER_SEQUENCE)
    const isTrailing =
      words[slot + ORDER_TERMS] !== NONE && words[words[slot + ORDER_TERMS]! + TERMS_TRAIL_TICKS] !== 0
    must(anySequence || isTrailing || own >= sequence, `${where}: not in order of time`)
    if (!isTrailing) sequence = own
    const shown = shownLots(words, slot)
    sums.count++
    sums.shown += shown
    sums.concealed += words[slot + ORDER_OPEN_LOTS]! - shown
    if (isHidden) sums.hidden++
    countTerms(words, slot, seen)
    previous = slot
  }
  must(sums.count > 0, `${where}: empty`)
  must(words[level + LEVEL_TAIL] === previous, `${where}: tail`)
  must(words[level + LEVEL_COUNT] === sums.count, `${where}: count of orders`)
  must(words[level + LEVEL_HIDDEN_COUNT] === sums.hidden, `${where}: count of hidden orders`)
  must(words[level + LEVEL_HIDDEN_HEAD] === firstHidden, `${where}: first hidden order`)
  must(totals[(level >> 1) + LEVEL_SHOWN] === sums.shown, `${where}: shown lots`)
  must(totals[(level >> 1) + LEVEL_CONCEALED] === sums.concealed, `${where}: concealed lots`)
  seen.orders += sums.count
}

/** Counts what an order's terms say of it. */
function countTerms(words: Int32Array, slot: number, seen: Seen): void {
  const terms = words[slot + ORDER_TERMS]!
  if (terms === NONE) return
  seen.terms++
  if (words[terms + TERMS_PARTNER] !== NONE) seen.links++
  if (words[terms + TERMS_IS_WAITING] === 0) return
  seen.waiting++
  if (words[terms + TERMS_TRAIL_TICKS] !== 0) seen.trailing++
}

function checkOrder(state: EngineState, slot: number): void {
  const { words } = state
  const orderId = readU64(words, slot + ORDER_ID_LOW)
  const where = `order ${orderId}`
  must(
    state.index.find(words[slot + ORDER_ID_LOW]!, words[slot + ORDER_ID_HIGH]!) === slot,
    `${where}: not in the index`,
  )
  const openLots = words[slot + ORDER_OPEN_LOTS]!
  must(openLots > 0 && openLots <= words[slot + ORDER_TOTAL_LOTS]!, `${where}: ${openLots} open lots`)
  const terms = words[slot + ORDER_TERMS]!
  const isWaiting = terms !== NONE && words[terms + TERMS_IS_WAITING] === 1
  const key = words[words[slot + ORDER_LEVEL]! + LEVEL_PRICE_TICKS]!
  const expected = isWaiting ? words[terms + TERMS_STOP_TICKS] : words[slot + ORDER_PRICE_TICKS]
  must(key === expected, `${where}: at ${key} instead of ${expected}`)
  const block = state.blocks[words[slot + ORDER_INSTRUMENT]!]!
  const side = headSide(words[slot + ORDER_HEAD]!)
  const ladderSide = isWaiting ? stopSide(block, side) : ownSide(block, side)
  must(words[words[slot + ORDER_LEVEL]! + LEVEL_SIDE] === ladderSide, `${where}: on another side`)
  if (terms === NONE) return
  must(words[terms + TERMS_SHOWN_LOTS]! <= openLots, `${where}: shows more than it has`)
  const partner = words[terms + TERMS_PARTNER]!
  if (partner !== NONE)
    must(words[words[partner + ORDER_TERMS]! + TERMS_PARTNER] === slot, `${where}: its link does not know it`)
}

/** Returns how many levels there are. */
function checkExpiries({ words, expiries }: EngineState, { nodes }: Seen): number {
  let levels = 0
  for (let level = words[expiries + SIDE_BEST]!; level !== NONE; level = nextLevel(words, level)) {
    levels++
    addNodes(words, level, nodes)
    let [count, previous] = [0, NONE]
    for (let slot = words[level + LEVEL_HEAD]!; slot !== NONE; count++) {
      const terms = words[slot + ORDER_TERMS]!
      must(words[terms + TERMS_EXPIRY_LEVEL] === level, 'an order in the queue of another expiry')
      must(
        words[terms + TERMS_EXPIRY_SECONDS] === words[level + LEVEL_PRICE_TICKS],
        'an order at another expiry',
      )
      must(words[terms + TERMS_EXPIRY_PREVIOUS] === previous, 'a broken link in the queue of an expiry')
      previous = slot
      slot = words[terms + TERMS_EXPIRY_NEXT]!
    }
    must(words[level + LEVEL_TAIL] === previous, `expiry ${words[level + LEVEL_PRICE_TICKS]}: tail`)
    must(count === words[level + LEVEL_COUNT], `expiry ${words[level + LEVEL_PRICE_TICKS]}: count of orders`)
  }
  return levels
}
