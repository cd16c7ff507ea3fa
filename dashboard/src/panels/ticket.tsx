import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { duration } from '../format.ts'
import { connection, useKept } from '../hooks.ts'
import type { Answer } from '../protocol.ts'

interface Told {
  readonly text: string
  readonly isGood: boolean
}

/** Enters orders, and says how long each took from the click to its answer. */
export function TicketPanel({ symbol, price: picked }: { symbol: string; price: string }): JSX.Element {
  const [client, setClient] = useKept('client', 'desk')
  const [side, setSide] = useState<'buy' | 'sell'>('buy')
  const [type, setType] = useState('limit')
  const [price, setPrice] = useState(picked)
  const [quantity, setQuantity] = useState('10')
  const [told, setTold] = useState<Told | undefined>(undefined)
  useEffect(() => {
    if (picked !== '') setPrice(picked)
  }, [picked])
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey) return
      if (event.key === 'b') setSide('buy')
      if (event.key === 's') setSide('sell')
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
  const send = (event: Event): void => {
    event.preventDefault()
    const id = `${client}-${crypto.randomUUID().slice(0, 8)}`
    const order = { id, client, symbol, side, type, quantity, ...(type === 'market' ? {} : { price }) }
    const began = performance.now()
    connection.order<Answer>(order).then(
      (answer) => setTold(toldOf(answer, (performance.now() - began) * 1e6)),
      (error: Error) => setTold({ text: error.message, isGood: false }),
    )
  }
  return (
    <form class="ticket" onSubmit={send}>
      <fieldset>
        <legend>{symbol}</legend>
        <div class="sides">
          {(['buy', 'sell'] as const).map((one) => (
            <button
              key={one}
              type="button"
              class={`${one} ${side === one ? 'on' : ''}`}
              aria-pressed={side === one}
              onClick={() => setSide(one)}
            >
              {one}
            </button>
          ))}
        </div>
        <label>
          client{' '}
          <input name="client" value={client} required onInput={(e) => setClient(e.currentTarget.value)} />
        </label>
        <label>
          type{' '}
          <select name="type" value={type} onChange={(e) => setType(e.currentTarget.value)}>
            <option>limit</option>
            <option>market</option>
          </select>
        </label>
        <label>
          price{' '}
          <input
            name="price"
            inputMode="decimal"
            value={price}
            disabled={type === 'market'}
            required={type !== 'market'}
            onInput={(e) => setPrice(e.currentTarget.value)}
          />
        </label>
        <label>
          quantity{' '}
          <input
            name="quantity"
            inputMode="decimal"
            value={quantity}
            required
            onInput={(e) => setQuantity(e.currentTarget.value)}
          />
        </label>
        <button class={`send ${side}`}>
          {side} {quantity}
        </button>
      </fieldset>
      <output class={told?.isGood === false ? 'alarm' : ''} role="status">
        {told?.text ?? 'b and s choose the side; a click into the book the price'}
      </output>
    </form>
  )
}

function toldOf(answer: Answer, tookNs: number): Told {
  const [first] = answer.events
  const trades = answer.events.filter(({ event }) => event === 'trade').length
  const what =
    first === undefined ? 'answered' : `${first.event}${first.code === undefined ? '' : ` ${first.code}`}`
  const traded = trades === 0 ? '' : `, ${trades} ${trades === 1 ? 'trade' : 'trades'}`
  return {
    text: `${what}${traded}: ${duration(tookNs)} from click to answer, ${duration(answer.tookNs)} of it in the server`,
    isGood: answer.isAccepted,
  }
}
