import test from 'ava'
import { allocationOf } from '../../bench/scale/index.ts'

const COMMANDS = 1_000_000
/** What may be taken in a round of 100,000 commands: far less than the smallest object for every cycle of commands. */
const ROUND_BYTES = 1_000

/** Kinds of orders with terms that allocate nothing either. */
const FREE = [
  'iceberg',
  'hidden',
  'post-only',
  'stop',
  'gtd',
  'self-trade',
  'linked',
  'at once',
  'reduce-only',
  'amend in place',
  'amend to the end',
  'replace',
  'trailing stop',
  'stop amended',
] as const

for (const [title, cycles] of [
  ['limit, market, ioc, fok and cancel commands', 'plain'],
  ['orders with terms', FREE.join('+')],
] as const)
  test(`engine - ${title} allocate nothing once it is warm`, (t) => {
    const { commands, leastRoundBytes, roundCommands } = allocationOf(cycles, COMMANDS)
    t.true(commands >= COMMANDS && roundCommands >= COMMANDS / 10)
    t.true(leastRoundBytes <= ROUND_BYTES, `${leastRoundBytes} bytes for ${roundCommands} commands`)
  })
