import type { JSX } from 'preact'
import { bytes, count, duration, percent } from '../format.ts'
import { useChannel } from '../hooks.ts'
import type { PipelineMessage } from '../protocol.ts'

/** What the process uses, and the alerts. */
export function HealthPanel(): JSX.Element {
  const message = useChannel<PipelineMessage>('pipeline')
  const gauges = message?.gauges ?? {}
  const shown: readonly (readonly [string, string])[] = [
    ['processor', percent(gauges['process.cpu'] ?? 0)],
    ['memory', bytes(gauges['process.rss'] ?? 0)],
    ['heap', bytes(gauges['process.heap'] ?? 0)],
    ['books and buffers', bytes(gauges['process.arrays'] ?? 0)],
    ['collections', percent(gauges['process.gc.share'] ?? 0)],
    ['loop delay p99', duration(gauges['process.loop.p99'] ?? 0)],
    ['live orders', count(message?.liveOrders ?? 0)],
    ['commands', count(message?.commands ?? 0)],
  ]
  return (
    <div class="fill scroll" tabIndex={0}>
      <dl class="tiles">
        {shown.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <h3>Alerts</h3>
      <table>
        <thead>
          <tr>
            <th>rule</th>
            <th>state</th>
            <th class="number">now</th>
          </tr>
        </thead>
        <tbody>
          {(message?.alerts ?? []).map(({ name, state, value }) => (
            <tr key={name} class={state === 'firing' ? 'alarm' : ''}>
              <td>{name}</td>
              <td>{state}</td>
              <td class="number">{value === undefined ? '' : count(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {message !== undefined && message.alerts.length === 0 ? (
        <p class="quiet">no rules: --alert &quot;p99 &gt; 10us for 30s&quot;</p>
      ) : null}
    </div>
  )
}
