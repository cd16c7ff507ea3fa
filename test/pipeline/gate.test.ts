import test from 'ava'
import { Gate } from '../../src/pipeline/gate.ts'
import { turns } from '../support/streams.ts'

/** Waits at a gate and says whether it may pass. */
function passerBy(gate: Gate): { hasPassed: boolean } {
  const state = { hasPassed: false }
  void gate.wait()?.then(() => {
    state.hasPassed = true
  })
  return state
}

test('gate - is open from the start, and who comes need not wait', (t) => {
  t.is(new Gate().wait(), undefined)
})

test('gate - holds whoever comes until it is opened, and lets all of them pass', async (t) => {
  const gate = new Gate()
  gate.close()
  const waiting = [passerBy(gate), passerBy(gate)]
  await turns()
  t.deepEqual(waiting, [{ hasPassed: false }, { hasPassed: false }])
  gate.open()
  await turns()
  t.deepEqual(waiting, [{ hasPassed: true }, { hasPassed: true }])
  t.is(gate.wait(), undefined)
})

test('gate - is open when none of those who closed it hold it any more', async (t) => {
  const gate = new Gate()
  gate.close()
  gate.close()
  const waiting = passerBy(gate)
  gate.open()
  await turns()
  t.false(waiting.hasPassed)
  gate.open()
  await turns()
  t.true(waiting.hasPassed)
})

test('gate - can be closed again', async (t) => {
  const gate = new Gate()
  gate.close()
  gate.open()
  gate.close()
  const waiting = passerBy(gate)
  await turns()
  t.false(waiting.hasPassed)
  gate.open()
  await turns()
  t.true(waiting.hasPassed)
})
