import test from 'ava'
import { riskAllocation } from '../../bench/risk.ts'

test('risk and ledger - orders and their events allocate nothing once they are warm', (t) => {
  const { leastRoundBytes, roundCommands } = riskAllocation()
  t.true(roundCommands >= 5_000)
  // Less than the smallest object for one in a hundred of the records looked at.
  t.true(leastRoundBytes <= roundCommands / 8, `${leastRoundBytes} bytes for ${roundCommands} commands`)
})
