import test from 'ava'
import { Latency, PERCENTILES } from '../../src/telemetry/latency.ts'

const HOUR_NS = 3_600_000_000_000

test('latency - percentiles are those of the durations, to three digits', (t) => {
  const latency = new Latency('work')
  for (let us = 1; us <= 1_000; us++) latency.record(us / 1e3)
  const { name, samples, meanNs, percentilesNs, maxNs } = latency.summary()
  t.is(name, 'work')
  t.is(samples, 1_000)
  const near = (ns: number, expected: number): boolean => Math.abs(ns - expected) <= expected / 500
  t.true(near(meanNs, 500_500))
  t.true(near(maxNs, 1_000_000))
  t.deepEqual([...PERCENTILES], [50, 95, 99, 99.9, 99.99])
  t.true([500_000, 950_000, 990_000, 999_000, 1_000_000].every((ns, i) => near(percentilesNs[i]!, ns)))
})

test('latency - without durations all figures are 0', (t) => {
  t.deepEqual(new Latency('idle').summary(), {
    name: 'idle',
    samples: 0,
    meanNs: 0,
    percentilesNs: [0, 0, 0, 0, 0],
    maxNs: 0,
  })
})

test('latency - what a clock cannot tell from nothing is 1 ns, and an hour is the most', (t) => {
  for (const milliseconds of [0, -1, 1e-9]) {
    const short = new Latency('short')
    short.record(milliseconds)
    t.is(short.summary().maxNs, 1)
  }
  const long = new Latency('long')
  long.record(1e12)
  t.true(Math.abs(long.summary().maxNs - HOUR_NS) < HOUR_NS / 500)
})
