import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { count } from '../format.ts'
import { useMessages } from '../hooks.ts'
import type { Trade, TradesMessage } from '../protocol.ts'

const SHOWN = 60

/** The latest trades of one symbol, newest first. */
export function TradesPanel({ symbol }: { symbol: string }): JSX.Element {
  const [trades, setTrades] = useState<readonly Trade[]>([])
  const [gone, setGone] = useState(0)
  useEffect(() => {
    setTrades([])
    setGone(0)
  }, [symbol])
  useMessages<TradesMessage>(`trades:${symbol}`, (message) => {
    setTrades((old) => [...message.trades.toReversed(), ...old].slice(0, SHOWN))
    setGone((before) => before + message.gone)
  })
  return (
    <div class="fill scroll" tabIndex={0}>
      <table class="tape">
        <thead>
          <tr>
            <th class="number">match</th>
            <th class="number">price</th>
            <th class="number">quantity</th>
            <th>taker</th>
          </tr>
        </thead>
        <tbody>
          {trades.map(({ match, price, quantity, side }) => (
            <tr key={match} class={side}>
              <td class="number quiet">{match}</td>
              <td class="number">{price}</td>
              <td class="number">{quantity}</td>
              <td>{side === 'buy' ? '▲ buy' : side === 'sell' ? '▼ sell' : '·'}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {gone === 0 ? null : <p class="quiet">{count(gone)} came faster than they are shown</p>}
    </div>
  )
}
