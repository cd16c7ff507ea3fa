import type { Market } from '../../pipeline/market.ts'
import { decimalText, sideName, type ExecutionReport } from '../../risk/index.ts'

/** An execution report as a line of JSON: names and decimals, as people read them. */
export function reportLine(market: Market, decimals: number, report: ExecutionReport): string {
  const { instruments, clients, orders } = market
  const { instrument } = report
  const money = (units: bigint): string => decimalText(units, decimals)
  const quantity = (lots: number): string => instruments.formatQuantity(instrument, lots)
  const line = {
    sequence: report.sequence,
    match: report.matchNumber,
    order: orders.text(report.orderId),
    client: clients.text(report.client),
    symbol: instruments.symbol(instrument),
    side: sideName(report.side),
    liquidity: report.liquidity,
    price: instruments.formatPrice(instrument, report.priceTicks),
    quantity: quantity(report.lots),
    open: quantity(report.openLots),
    traded: quantity(report.tradedLots),
    tradedValue: money(report.tradedValue),
    value: money(report.value),
    feeRate: decimalText(BigInt(report.feePpm), 6),
    fee: money(report.fee),
    cash: money(report.cash),
  }
  return `${JSON.stringify(line)}\n`
}
