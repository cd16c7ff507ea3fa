import test from 'ava'
import { parseCondition, type AlertCondition } from '../../src/telemetry/alert-rule.ts'
import { Alerts, type Alert } from '../../src/telemetry/alerts.ts'

test('alert rule - what a file says is read, with its units', (t) => {
  t.deepEqual(parseCondition('p99 > 10us for 30s'), {
    gauge: 'latency.whole.p99',
    comparator: '>',
    limit: 10_000,
    forMs: 30_000,
  })
  t.deepEqual(parseCondition('edge.match->trades.fill >= 90% for 500ms'), {
    gauge: 'edge.match->trades.fill',
    comparator: '>=',
    limit: 0.9,
    forMs: 500,
  })
  t.deepEqual(parseCondition('  orders.rate<500k'), {
    gauge: 'orders.rate',
    comparator: '<',
    limit: 500_000,
    forMs: 0,
  })
})

test('alert rule - what is wrong is said with its place', (t) => {
  t.deepEqual(parseCondition('p99 is high'), {
    at: 0,
    message: 'expected GAUGE > AMOUNT [for DURATION], as in "p99 > 10us for 30s"',
  })
  t.deepEqual(parseCondition('p99 > ten'), {
    at: 6,
    message: 'expected a number with or without a unit (10us, 90%, 500k), got "ten"',
  })
  t.deepEqual(parseCondition('p99 > 10us for 30'), {
    at: 15,
    message: 'expected a duration such as 30s, 500ms or 5m, got "30"',
  })
  t.deepEqual(parseCondition('p99 > 10us for 5k'), {
    at: 15,
    message: 'expected a duration such as 30s, 500ms or 5m, got "5k"',
  })
})

function watch(when: string): { alerts: Alerts; told: Alert[] } {
  const told: Alert[] = []
  const condition = parseCondition(when) as AlertCondition
  return { alerts: new Alerts([{ name: 'slow', when, condition }], (alert) => told.push(alert)), told }
}

test('alerts - one that holds long enough fires once, and is resolved once', (t) => {
  const { alerts, told } = watch('p99 > 10us for 30s')
  const states: string[] = []
  for (let second = 0; second <= 100; second++) {
    alerts.observe(second * 1_000, { 'latency.whole.p99': second >= 10 && second < 60 ? 20_000 : 5_000 })
    states.push(alerts.list()[0]!.state)
  }
  t.deepEqual(
    states.map((state, i) => (state === states[i - 1] ? '' : `${i} ${state}`)).filter((text) => text !== ''),
    ['0 ok', '10 pending', '40 firing', '60 resolved'],
  )
  t.deepEqual(
    told.map(({ state, sinceMs, value, fired }) => ({ state, sinceMs, value, fired })),
    [
      { state: 'firing', sinceMs: 40_000, value: 20_000, fired: 1 },
      { state: 'resolved', sinceMs: 60_000, value: 5_000, fired: 1 },
    ],
  )
})

test('alerts - one that is interrupted begins to wait again', (t) => {
  const { alerts, told } = watch('p99 > 10us for 30s')
  for (let second = 0; second < 200; second++)
    alerts.observe(second * 1_000, { 'latency.whole.p99': second % 20 === 0 ? 5_000 : 20_000 })
  t.deepEqual(told, [])
  t.is(alerts.list()[0]!.state, 'pending')
})

test('alerts - a gauge that nobody measures changes nothing', (t) => {
  const { alerts } = watch('p99 > 10us')
  alerts.observe(0, { 'latency.whole.p99': 20_000 })
  alerts.observe(1_000, {})
  t.is(alerts.list()[0]!.state, 'firing')
})

test('alerts - one that is over is shown for five minutes', (t) => {
  const { alerts } = watch('orders.rate < 10')
  alerts.observe(0, { 'orders.rate': 1 })
  alerts.observe(1_000, { 'orders.rate': 20 })
  t.is(alerts.list()[0]!.state, 'resolved')
  alerts.observe(300_999, { 'orders.rate': 20 })
  t.is(alerts.list()[0]!.state, 'resolved')
  alerts.observe(301_000, { 'orders.rate': 20 })
  t.is(alerts.list()[0]!.state, 'ok')
})
