import test from 'ava'
import { riskAllocation } from '../../bench/risk.ts'

/** Bytes a record: less than the smallest object for every twelfth of them. */
const NOTHING = 1

test('risk and ledger - orders and their events allocate nothing once they are warm', (t) => {
  const { matching, withRisk, withLedger, records } = riskAllocation()
  t.true(records >= 100_000)
  t.true(withRisk - matching <= NOTHING, `${withRisk} bytes with risk, ${matching} without`)
  t.true(withLedger - matching <= NOTHING, `${withLedger} bytes with the ledger, ${matching} without`)
})
