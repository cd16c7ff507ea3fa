import test from 'ava'
import { Breaker } from '../../../src/pipeline/fault/breaker.ts'

function breaker(failures = 3) {
  let nowMs = 0
  const made = new Breaker({ failures, recoveryMs: 100, now: () => nowMs })
  return { made, pass: (milliseconds: number) => (nowMs += milliseconds) }
}

test('breaker - opens at so many failures in a row, and a success in between begins anew', (t) => {
  const { made } = breaker()
  made.failed()
  made.failed()
  made.succeeded()
  made.failed()
  made.failed()
  t.is(made.state, 'closed')
  t.true(made.allows())
  made.failed()
  t.is(made.state, 'open')
  t.false(made.allows())
})

test('breaker - after its time lets one try, and closes if that succeeds', (t) => {
  const { made, pass } = breaker(1)
  made.failed()
  pass(99)
  t.false(made.allows())
  pass(1)
  t.true(made.allows())
  t.is(made.state, 'half-open')
  t.false(made.allows(), 'only one, until it is known how it went')
  made.succeeded()
  t.is(made.state, 'closed')
  t.true(made.allows())
})

test('breaker - opens again for its whole time if the try fails', (t) => {
  const { made, pass } = breaker(5)
  for (let failure = 0; failure < 5; failure++) made.failed()
  pass(100)
  t.true(made.allows())
  made.failed()
  t.is(made.state, 'open')
  pass(99)
  t.false(made.allows())
  pass(1)
  t.true(made.allows())
})
