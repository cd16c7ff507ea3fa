import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import * as codes from '../../../src/book/kernel/codes.ts'
import { ANY_INSTRUMENT } from '../../../src/book/instruments.ts'
import {
  CancelReason,
  CommandKind,
  EventKind,
  OrderType,
  Side,
  TimeInForce,
} from '../../../src/book/record.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

test('kernel - what is in the repository is what the sources compile to', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-kernel-test-'))
  try {
    const file = join(folder, 'kernel-code.ts')
    execFileSync(process.execPath, [join(root, 'tools/build-kernel.ts'), file])
    t.is(
      readFileSync(file, 'utf8'),
      readFileSync(join(root, 'src/book/state/kernel-code.ts'), 'utf8'),
      'npm run build:kernel',
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test("kernel - its numbers are the record's", (t) => {
  t.deepEqual(
    { ...codes },
    {
      COMMAND_NEW: CommandKind.new,
      COMMAND_CANCEL: CommandKind.cancel,
      EVENT_ACCEPTED: EventKind.accepted,
      EVENT_TRADE: EventKind.trade,
      EVENT_CANCELLED: EventKind.cancelled,
      EVENT_LEVEL: EventKind.level,
      EVENT_BEST_PRICES: EventKind.bestPrices,
      TYPE_MARKET: OrderType.market,
      TIME_IOC: TimeInForce.ioc,
      TIME_FOK: TimeInForce.fok,
      REASON_USER: CancelReason.user,
      REASON_IOC: CancelReason.ioc,
      REASON_FOK: CancelReason.fok,
      REASON_NO_LIQUIDITY: CancelReason.noLiquidity,
      REASON_BOOK_FULL: CancelReason.bookFull,
      BUY: Side.buy,
      SELL: Side.sell,
      ANY_INSTRUMENT,
    },
  )
})
