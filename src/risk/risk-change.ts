import { ANY_INSTRUMENT } from '../book/index.ts'
import * as record from '../book/record.ts'
import { ACCEPTED, RejectCode, rejectName } from '../book/reject-code.ts'
import type { Audit, AuditRecord } from './audit.ts'
import type { Breakers, BreakerSettings } from './breakers.ts'
import type { Checks } from './checks.ts'
import { isLimit, limitValues, showLimit, VENUE, type LimitScope, type LimitValue } from './limit-book.ts'
import { LimitField, type LimitName, type RiskLimits } from './limit-field.ts'
import { UNITS_PER_SECOND } from './log-time.ts'
import {
  actionName,
  BREACH_ACTIONS,
  CHECKS,
  checkName,
  limitName,
  RISK_VALUE,
  RiskAction,
  type BreachActionName,
  type CheckName,
  type RiskChange,
} from './risk-command.ts'
import type { RiskBook } from './risk-state.ts'

const { CLIENT, HEAD, headOrderType, headSide, headTimeInForce, INSTRUMENT, readU64 } = record

/** All that can be set of risk, by numbers: what a pipeline file says of it comes to this. */
export interface RiskSettings {
  /** The venue's, for every client and instrument. */
  readonly limits?: RiskLimits | undefined
  /** Narrower ones: of a client, an instrument, or a client in an instrument. */
  readonly scopes?: readonly (Partial<LimitScope> & { readonly limits: RiskLimits })[] | undefined
  /** What a passed limit leads to; by default the order is refused. */
  readonly onBreach?: Readonly<Partial<Record<CheckName, BreachActionName | undefined>>> | undefined
  readonly breakers?: BreakerSettings | undefined
}

/** The parts of a risk engine that changes reach. */
export interface ChangeTarget {
  readonly book: RiskBook
  readonly audit: Audit
  readonly breakers: Breakers
  readonly checks: Checks
}

type By = AuditRecord['by']

/** Sets up an engine that nothing has gone through yet: no audit. */
export function load(target: ChangeTarget, settings: RiskSettings): void {
  const { book } = target
  for (const { scope, values } of scopesOf(settings))
    for (const [field, value] of values) book.limits.set(scope, field, value)
  book.writeLimits()
  for (const [name, action] of Object.entries(settings.onBreach ?? {}))
    if (action !== undefined) target.checks.actions[CHECKS[name as CheckName]] = BREACH_ACTIONS[action]
  target.breakers.set(settings.breakers ?? {})
}

/**
 * Changes limits, actions or what has tripped while running, with an audit record for each. A program's change holds from
 * the next record on; one that a replay must find again belongs into the log, as records (pushRiskChange).
 * @throws RangeError naming the limit, for one that is none; nothing is changed then
 */
export function changeRisk(target: ChangeTarget, change: RiskChange, by: By = 'program'): void {
  const { client = 0, instrument = ANY_INSTRUMENT } = change
  const scope = { client, instrument }
  if (instrument >= target.book.instruments.count) throw new RangeError(`no instrument ${instrument}`)
  target.book.followInstruments()
  for (const [field, value] of limitValues(change.limits ?? {})) setLimit(target, scope, field, value, by)
  for (const name of change.clear ?? []) setLimit(target, scope, LimitField[name], undefined, by)
  for (const [name, action] of Object.entries(change.onBreach ?? {}))
    setAction(target, CHECKS[name as CheckName], BREACH_ACTIONS[action], by)
  if (change.reset === true) reset(target, scope, by)
}

/** Hot reload: takes on new settings whole, keeps all state, and writes down each difference. */
export function reloadRisk(target: ChangeTarget, settings: RiskSettings): void {
  const wanted = scopesOf(settings)
  const { book, breakers, audit } = target
  const isWanted = (scope: LimitScope, field: number): boolean =>
    wanted.some(
      ({ scope: other, values }) =>
        other.client === scope.client && other.instrument === scope.instrument && values.has(field),
    )
  for (const { scope, values } of book.limits.all())
    for (const field of Array.from(values.keys()))
      if (!isWanted(scope, field)) setLimit(target, scope, field, undefined, 'reload')
  for (const { scope, values } of wanted)
    for (const [field, value] of values) setLimit(target, scope, field, value, 'reload')
  for (const [name, code] of Object.entries(CHECKS))
    setAction(target, code, BREACH_ACTIONS[settings.onBreach?.[name as CheckName] ?? 'reject'], 'reload')
  const [before, after] = [breakers.settings, settings.breakers ?? {}].map((each) => JSON.stringify(each))
  if (before === after) return
  breakers.set(settings.breakers ?? {})
  audit.add(note(book, 'reload', 'breakers', VENUE, 'breakers', before!, after!))
}

/** Carries out a risk command record (risk-command.ts). Returns its reject code, or ACCEPTED. */
export function changeByCommand(target: ChangeTarget, words: Int32Array, at: number): number {
  const head = words[at + HEAD]!
  const [action, what, scale] = [headSide(head), headOrderType(head), headTimeInForce(head)]
  const scope = { client: words[at + CLIENT]! >>> 0, instrument: words[at + INSTRUMENT]! }
  const value = { units: readU64(words, at + RISK_VALUE), scale }
  if (scope.instrument < ANY_INSTRUMENT || scope.instrument >= target.book.known)
    return RejectCode.INVALID_SYMBOL
  if (action === RiskAction.setLimit || action === RiskAction.clearLimit) {
    if (limitName(what) === undefined) return RejectCode.INVALID_COMMAND
    if (action === RiskAction.setLimit && !isLimit(what, value)) return RejectCode.INVALID_COMMAND
    setLimit(target, scope, what, action === RiskAction.setLimit ? value : undefined, 'command')
  } else if (action === RiskAction.onBreach) {
    if (checkName(what) === undefined || value.units > BREACH_ACTIONS.off) return RejectCode.INVALID_COMMAND
    setAction(target, what, value.units, 'command')
  } else if (action === RiskAction.reset) reset(target, scope, 'command')
  else return RejectCode.INVALID_COMMAND
  return ACCEPTED
}

function scopesOf({ limits = {}, scopes = [] }: RiskSettings): {
  readonly scope: LimitScope
  readonly values: Map<number, LimitValue>
}[] {
  const all = [{ limits }, ...scopes]
  return all.map(({ limits: given, ...scope }) => ({
    scope: { ...VENUE, ...scope },
    values: limitValues(given),
  }))
}

function setLimit(
  { book, audit }: ChangeTarget,
  scope: LimitScope,
  field: number,
  value: LimitValue | undefined,
  by: By,
): void {
  const before = showLimit(field, book.limits.get(scope, field))
  const after = showLimit(field, value)
  if (before === after) return
  book.limits.set(scope, field, value)
  if (scope.client === 0) book.writeLimits()
  else book.writeOwnLimits(scope)
  audit.add(note(book, by, 'limit', scope, limitName(field) as LimitName, before, after))
}

function setAction({ book, audit, checks }: ChangeTarget, code: number, action: number, by: By): void {
  const before = checks.actions[code]!
  if (before === action) return
  checks.actions[code] = action
  const name = checkName(code) ?? rejectName(code)
  audit.add(note(book, by, 'on-breach', VENUE, name, actionName(before), actionName(action)))
}

function reset({ book, breakers }: ChangeTarget, { client, instrument }: LimitScope, by: By): void {
  if (client !== 0) breakers.resetClient(book.client(client | 0), by)
  if (instrument >= 0) breakers.resetInstrument(instrument, by)
  if (client !== 0 || instrument >= 0) return
  for (const row of book.clients.sorted()) breakers.resetClient(row, by)
  for (let each = 0; each < book.known; each++) breakers.resetInstrument(each, by)
}

function note(
  { sequence, now }: RiskBook,
  by: By,
  what: AuditRecord['what'],
  { client, instrument }: LimitScope,
  name: string,
  before: string,
  after: string,
): AuditRecord {
  return { sequence, seconds: now / UNITS_PER_SECOND, by, what, client, instrument, name, before, after }
}
