import type { MatchingEngine } from '../book/index.ts'
import * as bookSide from '../book/matching/book-side.ts'
import * as matching from '../book/matching/match-with-care.ts'
import { TradingState } from '../book/record.ts'
import { BLOCK_STATE } from '../book/state/instrument-block.ts'
import * as levelLayout from '../book/state/level.ts'
import * as orderLayout from '../book/state/order.ts'
import * as queue from '../book/state/order-queue.ts'
import * as ladder from '../book/state/price-ladder.ts'
import * as heapNames from '../memory/heap.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { NONE } = heapNames
const { isBeyond, limitTicks, oppositeSide } = bookSide
const { isSameOwner } = matching
const { isHiddenAtRest, shownLots } = queue
const { LEVEL_CONCEALED, LEVEL_HEAD, LEVEL_PRICE_TICKS, LEVEL_SHOWN } = levelLayout
const { ORDER_CLIENT, ORDER_NEXT, ORDER_OPEN_LOTS } = orderLayout
const { nextLevel, SIDE_BEST } = ladder

/**
 * Whether an order would come to one of its own client, or of its client's self-trade group, if it traded now. Looks at no
 * more orders than it could trade with; of an iceberg it takes first what shows, as matching does.
 */
export function wouldMeetOwn(
  { state }: MatchingEngine,
  instrument: number,
  client: number,
  side: number,
  priceTicks: number,
  lots: number,
): boolean {
  const block = state.blocks[instrument]!
  const { words, totals } = state
  if (words[block + BLOCK_STATE] !== TradingState.continuous) return false
  const limit = limitTicks(side, priceTicks)
  let open = lots
  let level = words[oppositeSide(block, side) + SIDE_BEST]!
  for (; level !== NONE && open > 0; level = nextLevel(words, level)) {
    if (isBeyond(side, words[level + LEVEL_PRICE_TICKS]!, limit)) return false
    // What is left when an order's turn comes: of those shown ahead of it what shows, of a hidden order's all that is ahead.
    let shown = open
    let all = open
    for (
      let slot = words[level + LEVEL_HEAD]!;
      slot !== level && shown > 0;
      slot = words[slot + ORDER_NEXT]!
    ) {
      const isHidden = isHiddenAtRest(words, slot)
      const left = isHidden ? all : shown
      if (left > 0 && isSameOwner(state, client, words[slot + ORDER_CLIENT]!)) return true
      if (!isHidden) shown -= shownLots(words, slot)
      all -= words[slot + ORDER_OPEN_LOTS]!
    }
    open -= totals[(level >> 1) + LEVEL_SHOWN]! + totals[(level >> 1) + LEVEL_CONCEALED]!
  }
  return false
}
