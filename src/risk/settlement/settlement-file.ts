import zlib from 'node:zlib'
import type { Instruments } from '../../book/index.ts'
import { ROW_CLIENT, ROW_INSTRUMENT } from '../pair-index.ts'
import { clearWide, readWide } from '../wide.ts'
import { dayText } from './ledger-clock.ts'
import type { Ledger } from './ledger.ts'
import { HOLDING_BOUGHT, HOLDING_FEES, HOLDING_PAID, HOLDING_SOLD, HOLDING_TRADES } from './ledger-rows.ts'

/** How the settlement file names what it is about. */
export interface SettlementNames {
  readonly instruments: Instruments
  readonly client: (client: number) => string
}

export const SETTLEMENT_HEADER =
  'date,client,instrument,trades,bought,sold,net_quantity,net_amount,fees,net_cash\n'

/** A whole number of 10^-decimals as decimal text, of any size. */
export function decimalText(units: bigint, decimals: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, '0')
  const split = digits.length - decimals
  const fraction = decimals === 0 ? '' : `.${digits.slice(split)}`
  return `${units < 0n ? '-' : ''}${digits.slice(0, split)}${fraction}`
}

/**
 * Nets what each client owes and is owed in each instrument since the latest settlement, as lines of CSV by client and
 * symbol, and begins the next day: quantities to deliver (below 0) or get, cash for them, fees, and both together.
 * Lines of sums follow, `*` in place of a client; all quantities net to 0, and all cash to minus the fees.
 * @returns the lines; none if nothing was traded
 * @throws Error if the obligations do not add up
 */
export function settleDay(ledger: Ledger, names: SettlementNames): string {
  const { words, totals, decimals } = ledger
  const date = ledger.clock.seconds === 0 ? '' : dayText(ledger.clock.day)
  const lines: [client: string, symbol: string, line: string][] = []
  const sums = new Map<number, Sums>()
  for (const row of ledger.holdings.sorted()) {
    const cells = row >> 1
    const trades = words[row + HOLDING_TRADES]!
    if (trades === 0) continue
    const instrument = words[row + ROW_INSTRUMENT]!
    const sum: Sums = {
      trades,
      bought: totals[cells + HOLDING_BOUGHT]!,
      sold: totals[cells + HOLDING_SOLD]!,
      paid: readWide(totals, cells + HOLDING_PAID),
      fees: readWide(totals, cells + HOLDING_FEES),
    }
    const [client, symbol] = [
      names.client(words[row + ROW_CLIENT]! >>> 0),
      names.instruments.symbol(instrument),
    ]
    lines.push([client, symbol, lineOf(names, decimals, instrument, [date, client], sum)])
    sums.set(instrument, added(sums.get(instrument), sum))
    words[row + HOLDING_TRADES] = 0
    totals[cells + HOLDING_BOUGHT] = totals[cells + HOLDING_SOLD] = 0
    clearWide(totals, cells + HOLDING_PAID)
    clearWide(totals, cells + HOLDING_FEES)
  }
  if (lines.length === 0) return ''
  for (const [instrument, { bought, sold, paid }] of sums)
    if (bought !== sold || paid !== 0n)
      throw new Error(
        `settlement: obligations in ${names.instruments.symbol(instrument)} do not net to nothing`,
      )
  const totalsOf = [...sums].map(([instrument, sum]): [string, string, string] => {
    const symbol = names.instruments.symbol(instrument)
    return [symbol, symbol, lineOf(names, decimals, instrument, [date, '*'], sum)]
  })
  return [...sorted(lines), ...sorted(totalsOf)].join('')
}

interface Sums {
  readonly trades: number
  readonly bought: number
  readonly sold: number
  readonly paid: bigint
  readonly fees: bigint
}

function added(one: Sums | undefined, other: Sums): Sums {
  if (one === undefined) return other
  return {
    trades: one.trades + other.trades,
    bought: one.bought + other.bought,
    sold: one.sold + other.sold,
    paid: one.paid + other.paid,
    fees: one.fees + other.fees,
  }
}

function lineOf(
  { instruments }: SettlementNames,
  decimals: number,
  instrument: number,
  [date, client]: readonly [string, string],
  { trades, bought, sold, paid, fees }: Sums,
): string {
  const quantity = (lots: number): string => instruments.formatQuantity(instrument, lots)
  const fields = [
    date,
    quoted(client),
    quoted(instruments.symbol(instrument)),
    trades,
    quantity(bought),
    quantity(sold),
    quantity(bought - sold),
    decimalText(paid, decimals),
    decimalText(fees, decimals),
    decimalText(paid - fees, decimals),
  ]
  return `${fields.join(',')}\n`
}

/** By code units, so that the order is the same wherever it is made. */
function sorted(lines: readonly (readonly [string, string, string])[]): string[] {
  const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  return [...lines].sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1])).map(([, , line]) => line)
}

function quoted(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** The last line of a settlement file: how many trades, and the CRC-32 of all bytes before it. */
export function settlementEnd(text: string, trades: number): string {
  return `# ${trades} trades, crc32 ${zlib.crc32(text).toString(16).padStart(8, '0')}\n`
}
