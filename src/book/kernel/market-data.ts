import {
  BLOCK_BID_LOTS,
  BLOCK_BID_TICKS,
  BLOCK_BIDS,
  BLOCK_OFFER_LOTS,
  BLOCK_OFFER_TICKS,
  BLOCK_OFFERS,
} from '../state/instrument-block.ts'
import { SIDE_BEST, SIDE_WORDS } from '../state/ladder-layout.ts'
import { LEVEL_COUNT, LEVEL_HIDDEN_COUNT, LEVEL_PRICE_TICKS, LEVEL_SHOWN } from '../state/level.ts'
import { BLOCKS_WORD, EVENTS_FROM, EVENTS_TOP, FIRST_EVENT } from '../state/shared-words.ts'
import { HEAD, INSTRUMENT, LOTS, OPEN_LOTS, PRICE_TICKS, RECORD_WORDS } from '../record-layout.ts'
import { byteOf } from './address.ts'
import { BUY, EVENT_BEST_PRICES, EVENT_CANCELLED, EVENT_LEVEL, EVENT_TRADE, SELL } from './codes.ts'
import { writeMarketEvent } from './events.ts'
import { findLevel, nextLevel } from './ladder.ts'

/**
 * Says what a plain command has changed: the levels, bids before offers and best first, then the best prices. The levels
 * are that of the command's own price and, on the other side, those of its trades, which its events name.
 */
export function publish(command: usize, isResting: bool): void {
  const first = load<i32>(FIRST_EVENT << 2)
  const event = eventAt(first)
  const head = load<i32>(event, HEAD << 2)
  const instrument = load<i32>(event, INSTRUMENT << 2)
  const price = load<i32>(event, PRICE_TICKS << 2)
  const block = byteOf(load<i32>(byteOf(load<i32>(BLOCKS_WORD << 2) + instrument)))
  const side = (head >> 8) & 0xff
  // The first event of a cancel is that it is cancelled, that of a new order that it is accepted.
  const isOwnChanged = isResting || (head & 0xff) == EVENT_CANCELLED
  if (isOwnChanged && side == BUY) publishLevel(command, block, instrument, side, price)
  publishTraded(command, block, instrument, side ^ 1, first)
  if (isOwnChanged && side == SELL) publishLevel(command, block, instrument, side, price)
  publishBest(command, block, instrument)
}

/** The event record that begins so many words behind the first one. */
function eventAt(words: i32): usize {
  return byteOf(load<i32>(EVENTS_FROM << 2) + words)
}

/** The levels that trades have reached, each once: they come best first. */
function publishTraded(command: usize, block: usize, instrument: i32, side: i32, first: i32): void {
  const end = load<i32>(EVENTS_TOP << 2) - load<i32>(EVENTS_FROM << 2)
  let published = 0
  for (let at = first + RECORD_WORDS; at < end; at += RECORD_WORDS) {
    const event = eventAt(at)
    const price = load<i32>(event, PRICE_TICKS << 2)
    if ((load<i32>(event, HEAD << 2) & 0xff) != EVENT_TRADE || price == published) continue
    published = price
    publishLevel(command, block, instrument, side, price)
  }
}

function publishLevel(command: usize, block: usize, instrument: i32, side: i32, priceTicks: i32): void {
  const level = findLevel(block + byteOf(side * SIDE_WORDS), priceTicks)
  const to = writeMarketEvent(command, EVENT_LEVEL | (side << 8), instrument, shownLots(level), 0)
  store<i32>(to, priceTicks, PRICE_TICKS << 2)
  if (level == 0) return
  store<i32>(to, load<i32>(level, LEVEL_COUNT << 2) - load<i32>(level, LEVEL_HIDDEN_COUNT << 2), OPEN_LOTS << 2)
}

/** The best displayed prices and their lots, where they are others than those published last. */
function publishBest(command: usize, block: usize, instrument: i32): void {
  const bid = bestShown(block + (BLOCK_BIDS << 2))
  const offer = bestShown(block + (BLOCK_OFFERS << 2))
  const bidTicks = bid == 0 ? 0 : load<i32>(bid, LEVEL_PRICE_TICKS << 2)
  const offerTicks = offer == 0 ? 0 : load<i32>(offer, LEVEL_PRICE_TICKS << 2)
  const bidLots = shownLots(bid)
  const offerLots = shownLots(offer)
  const isSame =
    bidTicks == load<i32>(block, BLOCK_BID_TICKS << 2) &&
    offerTicks == load<i32>(block, BLOCK_OFFER_TICKS << 2) &&
    bidLots == load<f64>(block, BLOCK_BID_LOTS << 3) &&
    offerLots == load<f64>(block, BLOCK_OFFER_LOTS << 3)
  if (isSame) return
  store<i32>(block, bidTicks, BLOCK_BID_TICKS << 2)
  store<i32>(block, offerTicks, BLOCK_OFFER_TICKS << 2)
  store<f64>(block, bidLots, BLOCK_BID_LOTS << 3)
  store<f64>(block, offerLots, BLOCK_OFFER_LOTS << 3)
  const to = writeMarketEvent(command, EVENT_BEST_PRICES | (BUY << 8), instrument, bidLots, offerLots)
  store<i32>(to, bidTicks, PRICE_TICKS << 2)
  store<i32>(to, offerTicks, LOTS << 2)
}

/** The best level of a side that shows anything, or 0. */
function bestShown(side: usize): usize {
  let level = byteOf(load<i32>(side, SIDE_BEST << 2))
  while (level != 0 && load<f64>(level, LEVEL_SHOWN << 3) == 0) level = nextLevel(level)
  return level
}

function shownLots(level: usize): f64 {
  return level == 0 ? 0 : load<f64>(level, LEVEL_SHOWN << 3)
}
