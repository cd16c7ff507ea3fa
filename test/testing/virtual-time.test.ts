import { readFile } from 'node:fs/promises'
import test from 'ava'
import { bufferTime, interval, lastValueFrom, take } from 'rxjs'
import { VirtualTime } from '../../src/testing/virtual-time.ts'

const START = Date.UTC(2026, 0, 5)

/** Lets time go on until a promise is settled. */
async function drive<T>(time: VirtualTime, promise: Promise<T>): Promise<T> {
  let isOver = false
  const over = promise.finally(() => {
    isOver = true
  })
  for (;;) {
    await time.quiet()
    if (isOver) return over
    if (!time.advance()) throw new Error('nothing is waited for')
  }
}

/** Runs something in virtual time, and gives the time again whatever happens. */
async function inVirtualTime<T>(work: (time: VirtualTime) => Promise<T>): Promise<T> {
  const time = new VirtualTime(START)
  time.install()
  try {
    return await work(time)
  } finally {
    time.uninstall()
  }
}

const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })

test.serial('virtual time - an hour of timers goes by at once, on every clock alike', async (t) => {
  const real = performance.now()
  await inVirtualTime(async (time) => {
    const [before, date] = [performance.now(), Date.now()]
    await drive(time, sleep(3_600_000))
    t.is(performance.now() - before, 3_600_000)
    t.is(Date.now() - date, 3_600_000)
    t.is(new Date().toISOString(), '2026-01-05T01:00:00.000Z')
    t.is(new Date(0).getTime(), 0)
  })
  t.true(performance.now() - real < 5_000)
  t.true(Date.now() > START, 'the real one is back')
})

test.serial(
  'virtual time - timers are called in the order they are due, those of one moment as they were set',
  async (t) => {
    const told: string[] = []
    await inVirtualTime(async (time) => {
      setTimeout(() => told.push('c'), 20)
      setTimeout((what: string) => told.push(what), 10, 'a')
      setTimeout(() => told.push('b'), 10)
      clearTimeout(setTimeout(() => told.push('never'), 5))
      clearTimeout(undefined)
      const timer = setInterval(() => {
        told.push(`i${time.elapsedMs}`)
        if (time.elapsedMs >= 14) clearInterval(timer)
      }, 7)
      await drive(time, sleep(21))
    })
    t.deepEqual(told, ['i7', 'a', 'b', 'i14', 'c'])
  },
)

test.serial('virtual time - timers that nobody waits for do not move it on', async (t) => {
  await inVirtualTime(async (time) => {
    const timer = setInterval(() => {}, 10)
    timer.unref()
    t.false(timer.hasRef())
    await time.quiet()
    t.false(time.advance())
    timer.ref()
    t.true(time.advance())
    clearInterval(timer)
  })
})

test.serial('virtual time - waits for files, which go on as they are', async (t) => {
  await inVirtualTime(async (time) => {
    const text = await drive(time, Promise.all([readFile(import.meta.filename, 'utf8'), sleep(1)]))
    t.true(text[0].includes('waits for files'))
    t.is(time.elapsedMs, 1)
  })
})

test.serial('virtual time - drives operators of RxJS', async (t) => {
  await inVirtualTime(async (time) => {
    const last = await drive(time, lastValueFrom(interval(100).pipe(take(20), bufferTime(1_000))))
    t.true(last.length > 0)
    t.is(time.elapsedMs, 2_000)
  })
})

test.serial('virtual time - only one at a time, and it can be had again', (t) => {
  const time = new VirtualTime(START)
  time.install()
  try {
    t.throws(() => new VirtualTime(START).install(), { message: /virtual already/ })
  } finally {
    time.uninstall()
  }
  time.uninstall()
  t.is(setTimeout.name, 'setTimeout')
})
