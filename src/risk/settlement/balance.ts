import { Side } from '../../book/record.ts'
import { ROW_CLIENT, ROW_INSTRUMENT } from '../pair-index.ts'
import { readWide } from '../wide.ts'
import type { Ledger } from './ledger.ts'
import {
  ACCOUNT_CASH,
  ACCOUNT_HELD,
  ENTRY_CLIENT,
  ENTRY_HELD,
  ENTRY_INSTRUMENT,
  ENTRY_OPEN,
  ENTRY_SIDE,
  HOLDING_HELD,
  HOLDING_LOTS,
} from './ledger-rows.ts'

/**
 * Adds up the whole ledger: cash of all accounts and fees are what was put in, lots of each instrument too, and what is held
 * is what open orders hold, to the last unit.
 * @returns what does not add up, or undefined
 */
export function imbalance(ledger: Ledger): string | undefined {
  const { words, totals } = ledger
  let cash = readWide(ledger.venue, 0)
  const heldCash = new Map<number, bigint>()
  const heldLots = new Map<string, number>()
  const lots = new Map<number, number>()
  for (const row of ledger.orders.rows()) {
    const client = words[row + ENTRY_CLIENT]!
    const held = readWide(totals, (row >> 1) + ENTRY_HELD)
    if (words[row + ENTRY_OPEN]! <= 0) return `an order of client ${client >>> 0} is open with no lots`
    heldCash.set(client, (heldCash.get(client) ?? 0n) + held)
    if (words[row + ENTRY_SIDE] !== Side.sell) continue
    const key = `${client}/${words[row + ENTRY_INSTRUMENT]!}`
    heldLots.set(key, (heldLots.get(key) ?? 0) + words[row + ENTRY_OPEN]!)
  }
  for (const row of ledger.accounts.sorted()) {
    const client = words[row + ROW_CLIENT]!
    cash += readWide(totals, (row >> 1) + ACCOUNT_CASH)
    const held = readWide(totals, (row >> 1) + ACCOUNT_HELD)
    const wanted = heldCash.get(client) ?? 0n
    if (held !== wanted) return `client ${client >>> 0} has ${held} units held for orders that hold ${wanted}`
  }
  for (const row of ledger.holdings.sorted()) {
    const [client, instrument] = [words[row + ROW_CLIENT]!, words[row + ROW_INSTRUMENT]!]
    lots.set(instrument, (lots.get(instrument) ?? 0) + totals[(row >> 1) + HOLDING_LOTS]!)
    const held = totals[(row >> 1) + HOLDING_HELD]!
    const wanted = heldLots.get(`${client}/${instrument}`) ?? 0
    if (held !== wanted) return `client ${client >>> 0} has ${held} lots held for orders that hold ${wanted}`
  }
  const put = readWide(ledger.venue, 2)
  if (cash !== put) return `cash and fees are ${cash} units, and ${put} were put in`
  for (const [instrument, sum] of lots)
    if (sum !== (ledger.deposited.get(instrument) ?? 0))
      return `there are ${sum} lots of instrument ${instrument}, and ${ledger.deposited.get(instrument) ?? 0} were put in`
  return undefined
}
