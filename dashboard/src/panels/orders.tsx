import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { call, get } from '../connection.ts'
import { useKept, useMessages } from '../hooks.ts'
import type { Answer, OpenOrder } from '../protocol.ts'

/** A client's live orders, to be cancelled. Read again whenever one of its orders has an event. */
export function OrdersPanel(): JSX.Element {
  const [client] = useKept('client', 'desk')
  const [orders, setOrders] = useState<readonly OpenOrder[]>([])
  const [problem, setProblem] = useState('')
  const read = (): void => {
    get<OpenOrder[]>(`/api/orders?client=${encodeURIComponent(client)}`).then(
      (all) => {
        setOrders(all)
        setProblem('')
      },
      (error: Error) => setProblem(error.message),
    )
  }
  useEffect(read, [client])
  useMessages(`orders:${client}`, read)
  const cancel = (id: string): void => {
    call('DELETE', `/api/orders/${encodeURIComponent(id)}?client=${encodeURIComponent(client)}`).then(
      read,
      (error: Error) => setProblem(error.message),
    )
  }
  const amend = ({ id, symbol }: OpenOrder, quantity: string): void => {
    call<Answer>('PATCH', `/api/orders/${encodeURIComponent(id)}`, { client, symbol, quantity }).then(
      ({ isAccepted, events }) => {
        setProblem(isAccepted ? '' : `${id} was not amended: ${events[0]?.code ?? 'refused'}`)
        if (isAccepted) read()
      },
      (error: Error) => setProblem(error.message),
    )
  }
  return (
    <div class="fill scroll" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th>order</th>
            <th>symbol</th>
            <th>side</th>
            <th class="number">price</th>
            <th class="number">open</th>
            <th>
              <span class="unseen">amend and cancel</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {orders.map((order) => (
            <tr key={order.id}>
              <td>{order.id}</td>
              <td>{order.symbol}</td>
              <td>{order.side}</td>
              <td class="number">{order.price ?? 'market'}</td>
              <td class="number">
                {order.open} / {order.quantity}
              </td>
              <td>
                <Amend order={order} amend={(quantity) => amend(order, quantity)} />{' '}
                <button onClick={() => cancel(order.id)}>cancel</button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {orders.length === 0 ? <p class="quiet">{client} has no live orders</p> : null}
      {problem === '' ? null : <p class="alarm">{problem}</p>}
    </div>
  )
}

/** A new total for an order: Enter sends it. */
function Amend({ order, amend }: { order: OpenOrder; amend: (quantity: string) => void }): JSX.Element {
  const [quantity, setQuantity] = useState(order.quantity)
  useEffect(() => setQuantity(order.quantity), [order.quantity])
  const send = (event: Event): void => {
    event.preventDefault()
    amend(quantity)
  }
  return (
    <form class="amend" onSubmit={send}>
      <input
        aria-label={`New quantity of ${order.id}`}
        inputMode="decimal"
        size={6}
        value={quantity}
        onInput={(event) => setQuantity(event.currentTarget.value)}
      />{' '}
      <button disabled={quantity === order.quantity}>amend</button>
    </form>
  )
}
