import test from 'ava'
import { createRing } from '../../../src/memory/ring/index.ts'

for (const kind of [1, 2])
  test.serial(
    `ring - a thread that waits for records costs next to nothing (${kind} producers)`,
    async (t) => {
      const ring = createRing({ capacity: 16, producers: kind })
      const reader = ring.reader()
      await reader.waitForRecords(1) // what runs for the first time costs more
      const before = process.cpuUsage()
      const began = performance.now()
      t.false(await reader.waitForRecords(400))
      const waitedUs = (performance.now() - began) * 1e3
      const { user, system } = process.cpuUsage(before)
      t.true(waitedUs >= 390_000)
      t.true(user + system < waitedUs / 10, `${user + system} us of processor time in ${waitedUs} us`)
    },
  )
