import test from 'ava'
import { rejectName } from '../../src/book/index.ts'
import { CHECKS } from '../../src/risk/index.ts'
import { compareRisk } from '../support/risk-flow.ts'

const LENGTH = 500
const FLOWS = 440

test('risk - decides as the plain one does, and comes to the same positions, over 220,000 commands', (t) => {
  const codes = new Map<number, number>()
  let commands = 0
  for (let seed = 1; seed <= FLOWS; seed++) {
    const result = compareRisk(seed, LENGTH)
    t.is(result.difference, undefined, `seed ${seed}`)
    commands += result.commands
    for (const [code, count] of result.codes) codes.set(code, (codes.get(code) ?? 0) + count)
  }
  t.true(commands >= FLOWS * LENGTH)
  for (const code of Object.values(CHECKS))
    t.true((codes.get(code) ?? 0) >= 20, `${rejectName(code)} is tried`)
  t.true(codes.get(0)! >= commands / 4)
})
