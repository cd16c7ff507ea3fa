import { NONE } from '../../memory/heap.ts'
import { eachOfBlock } from '../state/live-orders.ts'
import type { EngineState } from '../state/engine-state.ts'
import {
  BLOCK_CENTRE_TICKS,
  BLOCK_LAST_TICKS,
  BLOCK_PAUSE_UNTIL,
  BLOCK_STATE,
} from '../state/instrument-block.ts'
import { MatchingEngine } from '../matching-engine.ts'
import { copyOrder } from '../state/order-record.ts'
import { ORDER_ID_LOW, ORDER_OPEN_LOTS, ORDER_TERMS } from '../state/order.ts'
import { readU64, RECORD_WORDS, writeU64 } from '../record.ts'
import {
  TERMS_DISPLAY_LOTS,
  TERMS_IS_WAITING,
  TERMS_PARTNER,
  TERMS_SHOWN_LOTS,
  TERMS_STOP_TICKS,
  TERMS_TRAIL_TICKS,
} from '../state/terms.ts'
import {
  ALL_KILLED_AT,
  CHECKSUM_AT,
  CLOCK_AT,
  FINGERPRINT_AT,
  GROUPS_AT,
  HEADER_WORDS,
  INSTRUMENTS_AT,
  INSTRUMENT_WORDS,
  KILLED_AT,
  MAGIC,
  OPEN_AT,
  ORDERS_AT,
  PARTNER_AT,
  SHOWN_AT,
  TRADES_AT,
  TRIGGER_AT,
  VERSION,
  VERSION_AT,
  checksum,
  fingerprint,
  layout,
} from './snapshot-layout.ts'

/** The engine's whole state, as it is between two commands. Slots, capacities and history do not enter. */
export function takeSnapshot({ state, liveOrders, trades }: MatchingEngine): Uint8Array {
  state.followInstruments()
  const { known, killed, groups } = state
  const parts = layout(known, killed.size, groups.size, liveOrders)
  const words = new Int32Array(parts.end)
  const bytes = new Uint8Array(words.buffer)
  words[0] = MAGIC
  words[VERSION_AT] = VERSION
  words[INSTRUMENTS_AT] = known
  words[ORDERS_AT] = liveOrders
  words[ALL_KILLED_AT] = state.isAllKilled ? 1 : 0
  writeU64(words, TRADES_AT, trades)
  bytes.set(fingerprint(state.instruments, known), FINGERPRINT_AT * 4)
  words[CLOCK_AT] = state.clockSeconds
  words[CLOCK_AT + 1] = state.clockNs
  words[KILLED_AT] = killed.size
  words[GROUPS_AT] = groups.size
  words.set(
    [...killed].sort((a, b) => a - b),
    parts.clients,
  )
  words.set([...groups].sort(([a], [b]) => a - b).flat(), parts.clients + killed.size)
  let to = parts.orders
  for (let instrument = 0; instrument < known; instrument++) {
    const block = state.blocks[instrument]!
    const from = HEADER_WORDS + instrument * INSTRUMENT_WORDS
    words[from] = state.words[block + BLOCK_LAST_TICKS]!
    words[from + 1] = state.words[block + BLOCK_STATE]!
    words[from + 2] = state.words[block + BLOCK_CENTRE_TICKS]!
    words[from + 3] = state.words[block + BLOCK_PAUSE_UNTIL]!
    eachOfBlock(state, block, (slot) => {
      writeOrder(state, slot, words, to)
      to += RECORD_WORDS
    })
  }
  words[CHECKSUM_AT] = checksum(bytes)
  return bytes
}

function writeOrder({ words: orders }: EngineState, slot: number, words: Int32Array, to: number): void {
  copyOrder(orders, slot, words, to)
  words[to + OPEN_AT] = orders[slot + ORDER_OPEN_LOTS]!
  const terms = orders[slot + ORDER_TERMS]!
  if (terms === NONE) return
  if (orders[terms + TERMS_IS_WAITING] === 0) {
    // Of other orders the word is whatever has been left there.
    if (orders[terms + TERMS_DISPLAY_LOTS] !== 0) words[to + SHOWN_AT] = orders[terms + TERMS_SHOWN_LOTS]!
  } else if (orders[terms + TERMS_TRAIL_TICKS] !== 0)
    words[to + TRIGGER_AT] = orders[terms + TERMS_STOP_TICKS]!
  const partner = orders[terms + TERMS_PARTNER]!
  if (partner !== NONE) writeU64(words, to + PARTNER_AT, readU64(orders, partner + ORDER_ID_LOW))
}
