import test from 'ava'
import * as fc from 'fast-check'
import { take } from 'rxjs'
import { BATCH_RECORDS, type Batch } from '../../src/book/index.ts'
import { Market } from '../../src/pipeline/market.ts'
import type { Source } from '../../src/pipeline/operator.ts'
import { observeSource, type PumpOptions } from '../../src/pipeline/pump.ts'
import { StageClock } from '../../src/telemetry/stage-clock.ts'
import { anyRecords, bytesOf, ended, gateway, ListSource, sequencesOf, turns } from '../support/streams.ts'

/** The size of each batch that a source gives, and all its sequence numbers. */
async function pumped(source: Source, options?: PumpOptions, market = new Market()) {
  const sizes: number[] = []
  const sequences: number[] = []
  await ended(observeSource(source, market, options), {
    next: (batch) => {
      sizes.push(batch.count)
      sequences.push(...sequencesOf(batch))
    },
  })
  return { sizes, sequences }
}

/** A source without an end, and without a `ready`: there is always more. */
class Endless implements Source {
  pulls = 0
  closes = 0
  private readonly perPull: number

  constructor(perPull = 10) {
    this.perPull = perPull
  }

  pull(batch: Batch, upTo: number): boolean {
    this.pulls++
    batch.count = Math.min(upTo, batch.count + this.perPull)
    return true
  }

  close(): Promise<void> {
    this.closes++
    return Promise.resolve()
  }
}

/** An endless source that can be told to stop, and then gives what it has read: three records more. */
class Stoppable extends Endless {
  stops = 0
  private rest = 3

  override pull(batch: Batch, upTo: number): boolean {
    if (this.stops === 0) return super.pull(batch, upTo)
    if (this.rest > 0) batch.count++
    return --this.rest > 0
  }

  stop(): void {
    this.stops++
  }
}

function oneTo(last: number, first = 1): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}

test('pump - sequence numbers rise by one, over batches of any size', async (t) => {
  const source = new ListSource(anyRecords(100), [7, 0, 1, 30])
  const market = new Market()
  const { sizes, sequences } = await pumped(source, {}, market)
  t.deepEqual(sequences, oneTo(100))
  t.is(market.sequence, 100)
  t.true(new Set(sizes).size > 1)
  t.false(sizes.includes(0), 'an empty batch is not sent')
})

test('pump - a market that has had commands goes on counting', async (t) => {
  const market = new Market()
  await pumped(new ListSource(anyRecords(5)), {}, market)
  t.deepEqual((await pumped(new ListSource(anyRecords(3)), {}, market)).sequences, [6, 7, 8])
})

test('pump - a batch has as many records as it may, and not more', async (t) => {
  const { sizes } = await pumped(new ListSource(anyRecords(2_500)))
  t.deepEqual(sizes, [BATCH_RECORDS, BATCH_RECORDS, 2_500 - 2 * BATCH_RECORDS])
  t.deepEqual((await pumped(new ListSource(anyRecords(5)), { batchRecords: 2 })).sizes, [2, 2, 1])
})

test('pump - a limit is kept to the record, whatever the pulls, the batches and the probes', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(60),
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 20 }),
      fc.constantFrom(0, 1, 2, 3, 7, 251),
      async (limit, sizes, batchRecords, every) => {
        const source = new ListSource(anyRecords(40), sizes)
        const clock = new StageClock(['source'], batchRecords, every)
        const { sequences } = await pumped(source, { limit, batchRecords, clock })
        t.deepEqual(sequences, oneTo(Math.min(limit, 40)))
        t.is(source.closes, 1)
      },
    ),
    { numRuns: 150 },
  )
})

test('pump - a limit of none pulls nothing', async (t) => {
  const source = new Endless()
  t.deepEqual((await pumped(source, { limit: 0 })).sequences, [])
  t.is(source.pulls, 0)
  t.is(source.closes, 1)
})

test('pump - timing its records does not change them', async (t) => {
  const records = anyRecords(3_000)
  const plain = await bytesOf(observeSource(new ListSource(records, [400, 1]), new Market()))
  for (const every of [1, 2, 251, 5_000]) {
    const clock = new StageClock(['source'], BATCH_RECORDS, every)
    const timed = observeSource(new ListSource(records, [400, 1]), new Market(), { clock })
    t.true(plain.equals(await bytesOf(timed)))
  }
})

test('pump - a source that can stop is told to, and what it has read is given', async (t) => {
  const source = new Stoppable()
  const stop = new AbortController()
  const sizes: number[] = []
  await ended(observeSource(source, new Market(), { stop: stop.signal }), {
    next: ({ count }) => {
      sizes.push(count)
      if (sizes.length === 2) stop.abort()
    },
  })
  t.deepEqual(sizes, [10, 10, 1, 1, 1])
  t.is(source.stops, 1)
  t.is(source.closes, 1)
})

test('pump - a source that cannot stop is pulled no more', async (t) => {
  const source = new Endless()
  const stop = new AbortController()
  await ended(observeSource(source, new Market(), { stop: stop.signal }), {
    next: () => {
      if (source.pulls === 3) stop.abort()
    },
  })
  t.is(source.pulls, 3)
  t.is(source.closes, 1)
})

test('pump - one that was stopped before it began gives nothing, or what was read', async (t) => {
  const [endless, stoppable] = [new Endless(), new Stoppable()]
  const stop = AbortSignal.abort()
  t.deepEqual((await pumped(endless, { stop })).sequences, [])
  t.is(endless.closes, 1)
  t.deepEqual((await pumped(stoppable, { stop })).sequences, [1, 2, 3])
  t.is(stoppable.stops, 1)
})

test('pump - a stop ends the wait for a source that has nothing', async (t) => {
  const asked = gateway()
  let isStopped = false
  const source: Source = {
    pull: () => !isStopped,
    ready: () => {
      asked.open()
      return new Promise(() => {})
    },
    stop: () => {
      isStopped = true
    },
  }
  const stop = new AbortController()
  const over = ended(observeSource(source, new Market(), { stop: stop.signal }))
  await asked.opened
  stop.abort()
  await t.notThrowsAsync(over)
})

test('pump - a signal that outlives its runs keeps none of them', async (t) => {
  const stop = new AbortController()
  let listeners = 0
  const { signal } = stop
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  signal.addEventListener = (...all: Parameters<typeof add>) => {
    listeners++
    add(...all)
  }
  signal.removeEventListener = (...all: Parameters<typeof remove>) => {
    listeners--
    remove(...all)
  }
  for (let run = 0; run < 3; run++) await pumped(new ListSource(anyRecords(1)), { stop: signal })
  t.is(listeners, 0)
})

test('pump - timers and signals get their turn beside a source without end', async (t) => {
  const source = new Endless()
  const stop = new AbortController()
  setImmediate(() => stop.abort())
  await ended(observeSource(source, new Market(), { stop: stop.signal }))
  t.true(source.pulls > 0)
})

test('pump - and beside a source that is always ready and never has anything', async (t) => {
  const stop = new AbortController()
  setImmediate(() => stop.abort())
  const source: Source = { pull: () => true, ready: () => Promise.resolve() }
  await t.notThrowsAsync(ended(observeSource(source, new Market(), { stop: stop.signal })))
})

test('pump - who leaves is given no more, and nothing more is pulled', async (t) => {
  const source = new Endless()
  await ended(observeSource(source, new Market()).pipe(take(1)))
  await turns()
  t.is(source.pulls, 1)
  t.is(source.closes, 1)
})

test('pump - who leaves at once is given nothing, and the source is closed', async (t) => {
  const source = new Endless()
  observeSource(source, new Market())
    .subscribe(() => t.fail('a batch'))
    .unsubscribe()
  await turns()
  t.is(source.pulls, 0)
  t.is(source.closes, 1)
})

test('pump - who leaves while a source has nothing closes it', async (t) => {
  const asked = gateway()
  let closes = 0
  const source: Source = {
    pull: () => true,
    ready: () => {
      asked.open()
      return new Promise(() => {})
    },
    close: async () => {
      closes++
    },
  }
  const subscription = observeSource(source, new Market()).subscribe()
  await asked.opened
  subscription.unsubscribe()
  await turns()
  t.is(closes, 1)
})
