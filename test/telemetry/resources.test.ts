import test from 'ava'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gaugesOf, type Observation } from '../../src/telemetry/gauges.ts'
import { Resources } from '../../src/telemetry/resources.ts'

test('resources - a collection, a busy loop and an array that is held are all seen', async (t) => {
  const resources = new Resources()
  const before = resources.sample()
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const held = new Uint8Array(50_000_000).fill(1)
  let now = resources.sample()
  // The observer is told of collections when the loop comes round.
  while (now.gc.majorPauses === before.gc.majorPauses || now.loopDelay.maxNs < 20e6) {
    // The monitor needs a turn of the loop to know from when, and one to see how late it is.
    await sleep(15)
    const until = performance.now() + 60
    while (performance.now() < until);
    await sleep(15)
    const next = resources.sample()
    now = next.loopDelay.maxNs > now.loopDelay.maxNs ? next : { ...next, loopDelay: now.loopDelay }
  }
  t.true(now.gc.pausedNs > before.gc.pausedNs && now.gc.longestNs > 0)
  t.true(now.cpuNs - before.cpuNs >= 50e6)
  t.true(now.arrayBufferBytes >= 50_000_000)
  t.is(held.at(-1), 1)
  t.true(now.residentBytes > 0 && now.heapUsedBytes > 0)
  resources.close()
})

function observation(atMs: number, over: Partial<Observation>): Observation {
  const resources = {
    cpuNs: atMs * 1e6 * 0.25,
    residentBytes: 1,
    heapUsedBytes: 2,
    arrayBufferBytes: 3,
    gc: { pauses: 0, pausedNs: 0, longestNs: 0, majorPauses: 0 },
    loopDelay: { p50Ns: 0, p99Ns: 5, maxNs: 9 },
  }
  return { atMs, commands: 0, events: 0, trades: 0, stats: undefined, latencies: [], resources, ...over }
}

test('gauges - counts become rates over the time between, shares stay within 0 and 1', (t) => {
  const before = observation(1_000, { commands: 100, events: 10 })
  const latency = { name: 'whole', samples: 4, meanNs: 5, percentilesNs: [1, 2, 3, 4], maxNs: 9 }
  const now = observation(3_000, { commands: 500, events: 30, trades: 8, latencies: [latency] })
  const gauges = gaugesOf(before, now)
  t.is(gauges['orders.rate'], 200)
  t.is(gauges['events.rate'], 10)
  t.is(gauges['trades.rate'], 4)
  t.is(gauges['process.cpu'], 0.25)
  t.is(gauges['latency.whole.p99'], 3)
  t.is(gauges['latency.whole.max'], 9)
  t.is(gauges['process.loop.max'], 9)
})
