import { ANY_INSTRUMENT, type Command, type EngineEvent, type MatchingEngine } from '../../src/book/index.ts'
import type { Instruments, LiveOrder } from '../../src/book/index.ts'
import { CommandKind, EventKind, OrderType, Side, TradingState } from '../../src/book/record.ts'
import type { RiskLimits, RiskSettings } from '../../src/risk/index.ts'
import { CHECKS, type BreachActionName, type CheckName } from '../../src/risk/index.ts'

/** Seconds as the log tells them, in units of 512 ns: what a record's time is exact in. */
const UNITS = 1_953_125n
const DAY = UNITS * 86_400n

interface Position {
  lots: bigint
  openBuy: bigint
  openSell: bigint
  cost: bigint
  realised: bigint
  dayBase: bigint
  last: { same: string; time: bigint; sequence: number } | undefined
}

interface Client {
  messages: number
  trades: number
  tokens: bigint
  tokensAt: bigint | undefined
  tripped: 'active' | 'reduce-only' | 'halted'
  until: bigint | undefined
  rejects: number
  window: bigint | undefined
}

interface Price {
  last: bigint
  lastTime: bigint
  lastSequence: number
  mark: bigint
  isTripped: boolean
  until: bigint | undefined
  base: bigint
  window: bigint | undefined
}

interface Asked {
  readonly client: number
  readonly instrument: number
  readonly side: number
  readonly orderType: number
  readonly same: string
  readonly price: bigint
  readonly stop: bigint
  readonly lots: bigint
  readonly open: bigint
  readonly added: bigint
  readonly isNew: boolean
  readonly isMessage: boolean
}

/**
 * Risk once more, with maps and big integers and no thought of speed: what docs/risk.md says, line by line. The fast one
 * must decide alike and come to the same positions.
 */
export class NaiveRisk {
  readonly positions = new Map<string, Position>()
  readonly clients = new Map<number, Client>()
  private readonly prices = new Map<number, Price>()
  private readonly limits = new Map<string, RiskLimits>()
  private readonly actions = new Map<number, BreachActionName>()
  private readonly settings: RiskSettings
  private now = 0n
  private sequence = 0
  alerts = 0
  private readonly instruments: Instruments
  private readonly engine: MatchingEngine

  constructor(engine: MatchingEngine, settings: RiskSettings) {
    this.engine = engine
    this.instruments = engine.instruments
    this.settings = settings
    this.change(0, ANY_INSTRUMENT, settings.limits ?? {})
    for (const { client = 0, instrument = ANY_INSTRUMENT, limits } of settings.scopes ?? [])
      this.change(client, instrument, limits)
    for (const [name, action] of Object.entries(settings.onBreach ?? {}))
      this.actions.set(CHECKS[name as CheckName], action!)
  }

  change(client: number, instrument: number, limits: RiskLimits): void {
    const key = `${client}/${instrument}`
    const given = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined))
    this.limits.set(key, { ...this.limits.get(key), ...given })
  }

  reset(client: number): void {
    const known = this.clients.get(client)
    if (known !== undefined && known.tripped !== 'active') {
      known.tripped = 'active'
      known.rejects = 0
    }
  }

  /** The reject code of a command, or 0. */
  judge(command: Command, sequence: number): number {
    this.sequence = sequence
    this.advance(BigInt(command.timestampNs ?? 0) >> 9n)
    if ((command.rejectCode ?? 0) !== 0) return 0
    if (command.kind === CommandKind.cancel) this.cancel(command)
    const asked = command.kind === CommandKind.new ? this.newOrder(command) : this.changed(command)
    return asked === undefined ? 0 : this.check(asked)
  }

  private advance(time: bigint): void {
    if (time <= this.now || time >= 2n ** 31n * UNITS) return
    const isNewDay = time / DAY !== this.now / DAY
    this.now = time
    if (!isNewDay) return
    for (const [key, position] of this.positions) position.dayBase = this.profit(key, position)
    for (const client of this.clients.values()) client.messages = client.trades = 0
  }

  private profit(key: string, { lots, cost, realised }: Position): bigint {
    return realised + lots * this.price(Number(key.split('/')[1])).mark - cost
  }

  private newOrder(command: Command): Asked | undefined {
    const { client = 0, instrument = 0, side = 0, orderType = 0, timeInForce = 0 } = command
    const [price, lots, stopTicks] = [command.priceTicks ?? 0, command.lots ?? 0, command.stopTicks ?? 0]
    if (instrument < 0 || instrument >= this.instruments.count || lots <= 0 || price < 0 || side > 1)
      return undefined
    const stop = orderType === OrderType.trailingStop ? 0n : BigInt(stopTicks)
    return {
      client,
      instrument,
      side,
      orderType,
      same: [side, orderType, timeInForce, price, stopTicks, lots].join(),
      price: BigInt(price),
      stop,
      lots: BigInt(lots),
      open: BigInt(lots),
      added: BigInt(lots),
      isNew: true,
      isMessage: true,
    }
  }

  private changed(command: Command): Asked | undefined {
    const isReplace = command.kind === CommandKind.replace
    if (!isReplace && command.kind !== CommandKind.amend) return undefined
    const order = this.engine.order((isReplace ? command.linkedOrderId : command.orderId) ?? 0)
    if (order === undefined) return undefined
    const { client = 0, instrument = ANY_INSTRUMENT } = command
    if (client !== 0 && client !== order.client) return undefined
    if (instrument >= 0 && instrument !== order.instrument) return undefined
    const price = (command.priceTicks ?? 0) === 0 ? order.priceTicks : command.priceTicks!
    const traded = order.totalLots - order.openLots
    const lots = (command.lots ?? 0) === 0 ? (isReplace ? order.openLots : order.totalLots) : command.lots!
    if (lots < 0 || price < 0) return undefined
    const open = isReplace ? lots : lots - traded
    const stop = (command.stopTicks ?? 0) === 0 ? order.stopTicks : command.stopTicks!
    return {
      client: order.client,
      instrument: order.instrument,
      side: order.side,
      orderType: order.orderType,
      same: '',
      price: BigInt(price),
      stop: price !== 0 || order.orderType === OrderType.trailingStop ? 0n : BigInt(stop),
      lots: BigInt(lots),
      open: BigInt(open),
      added: BigInt(open - order.openLots),
      isNew: false,
      isMessage: client !== 0,
    }
  }

  private cancel({ orderId, client = 0, instrument = ANY_INSTRUMENT }: Command): void {
    if (client === 0) return
    const of = instrument >= 0 ? instrument : (this.engine.order(orderId)?.instrument ?? 0)
    if (of >= this.instruments.count) return
    this.client(client).messages++
    this.takeToken(client, of)
  }

  private limit<K extends keyof RiskLimits>(client: number, instrument: number, name: K): RiskLimits[K] {
    const scopes = [`${client}/${instrument}`, `${client}/-1`, `0/${instrument}`, '0/-1']
    // Client 0 speaks for the venue and has no limits of its own.
    const values = scopes.slice(client === 0 ? 2 : 0).map((scope) => this.limits.get(scope)?.[name])
    return values.find((value) => value !== undefined)
  }

  private check(asked: Asked): number {
    const { client, instrument, side, price, stop, lots, added } = asked
    const of = <K extends keyof RiskLimits>(name: K): RiskLimits[K] => this.limit(client, instrument, name)
    const refuses = (name: CheckName): boolean => this.refuses(name, asked)
    const state = this.client(client)
    let paced = 0
    if (asked.isMessage) {
      state.messages++
      if (!this.takeToken(client, instrument) && refuses('messageRate')) paced = CHECKS.messageRate
      else {
        const ratio = of('maxOrderToTrade')
        const allowed = (of('orderToTradeAllowance') ?? 100) + (ratio ?? 0) * state.trades
        if (ratio !== undefined && state.messages > allowed && refuses('orderToTrade'))
          paced = CHECKS.orderToTrade
      }
    }
    const known = this.price(instrument)
    if (of('killSwitch') === true && refuses('killSwitch')) return CHECKS.killSwitch
    if (state.tripped !== 'active' && state.until !== undefined && this.now >= state.until) this.reset(client)
    if (known.isTripped && known.until !== undefined && this.now >= known.until) {
      known.isTripped = false
      known.base = known.last
    }
    const set = of('tradingState') ?? 'active'
    if (set === 'halted' && refuses('halted')) return CHECKS.halted
    if ((state.tripped === 'halted' || known.isTripped) && refuses('breaker')) return CHECKS.breaker
    if (of('allowed') === false && refuses('instrument')) return CHECKS.instrument
    const isTrippedTo = !known.isTripped && state.tripped === 'reduce-only'
    if ((set === 'reduce-only' || isTrippedTo) && !this.reduces(asked) && refuses('reduceOnly'))
      return CHECKS.reduceOnly
    if (paced !== 0) return paced
    const becomesMarket = asked.orderType !== OrderType.limit && asked.orderType !== OrderType.stopLimit
    if (price === 0n && becomesMarket && of('requireProtection') === true && refuses('unprotected'))
      return CHECKS.unprotected
    if (lots > BigInt(of('maxOrderLots') ?? 2 ** 31) && refuses('orderSize')) return CHECKS.orderSize
    const reference = BigInt(this.instruments.referenceTicks[instrument]!)
    const value = price !== 0n ? price : stop !== 0n ? stop : known.last === 0n ? reference : known.last
    const notional = of('maxNotional')
    if (
      notional !== undefined &&
      lots * value * this.scale(instrument) > money(notional) &&
      refuses('notional')
    )
      return CHECKS.notional
    const seconds = of('staleAfterSeconds')
    const commands = of('staleAfterCommands')
    const isStale =
      known.last !== 0n &&
      ((seconds !== undefined && this.now - known.lastTime > BigInt(seconds) * UNITS) ||
        (commands !== undefined && this.sequence - known.lastSequence > commands))
    const compared = known.last === 0n || isStale ? reference : known.last
    if (isStale && compared === 0n && of('rejectStale') === true && refuses('stalePrice'))
      return CHECKS.stalePrice
    if (price !== 0n) {
      const distance = (a: bigint, b: bigint): bigint => (a > b ? a - b : b - a)
      const collar = of('collarTicks')
      if (
        collar !== undefined &&
        compared !== 0n &&
        distance(price, compared) > BigInt(collar) &&
        refuses('collar')
      )
        return CHECKS.collar
      const beyond = of('collarBestTicks')
      const [own] = this.engine.depth(instrument, side, 1)
      const [other] = this.engine.depth(instrument, 1 - side, 1)
      const best = BigInt((other ?? own)?.priceTicks ?? 0)
      const ticks = side === Side.buy ? price - best : best - price
      if (beyond !== undefined && best !== 0n && ticks > BigInt(beyond) && refuses('collarBest'))
        return CHECKS.collarBest
      const away = of('collarReferenceTicks')
      if (away !== undefined && reference !== 0n && distance(price, reference) > BigInt(away))
        if (refuses('collarReference')) return CHECKS.collarReference
    }
    const position = this.position(client, instrument)
    const { last } = position
    if (asked.isNew && last !== undefined && last.same === asked.same) {
      const within = of('duplicateSeconds')
      const among = of('duplicateCommands')
      const isRecent =
        (within !== undefined && this.now - last.time <= BigInt(within) * UNITS) ||
        (among !== undefined && this.sequence - last.sequence <= among)
      if (isRecent && refuses('duplicate')) return CHECKS.duplicate
    }
    if (added > 0n) {
      const refused = this.exposure(asked, position)
      if (refused !== 0) return refused
    }
    const profit = this.totals(client).profit
    const breaker = this.settings.breakers?.loss
    if (breaker !== undefined && -profit > money(breaker.amount)) {
      this.trip(client, 'halted', breaker.coolDownSeconds)
      if (refuses('breaker')) return CHECKS.breaker
    }
    const loss = of('maxDailyLoss')
    if (loss !== undefined && -profit > money(loss) && !this.reduces(asked) && refuses('dailyLoss'))
      return CHECKS.dailyLoss
    if (of('rejectSelfTrade') === true && this.meetsOwn(asked) && refuses('selfTrade'))
      return CHECKS.selfTrade
    if (asked.isNew) position.last = { same: asked.same, time: this.now, sequence: this.sequence }
    return 0
  }

  private exposure(asked: Asked, position: Position): number {
    const { client, instrument, side, added, price, stop } = asked
    const of = <K extends keyof RiskLimits>(name: K): RiskLimits[K] => this.limit(client, instrument, name)
    const isBuy = side === Side.buy
    const long = position.lots + position.openBuy
    const short = position.lots - position.openSell
    const most = of('maxPositionLots')
    const after = isBuy ? long + added : added - short
    if (most !== undefined && after > BigInt(most) && this.refuses('position', asked)) return CHECKS.position
    const abs = (value: bigint): bigint => (value < 0n ? -value : value)
    const worst = (up: bigint, down: bigint): bigint => (abs(up) > abs(down) ? abs(up) : abs(down))
    const marked = this.price(instrument).mark
    const mark = (marked === 0n ? (price === 0n ? stop : price) : marked) * this.scale(instrument)
    const { gross, netLong, netShort } = this.totals(client)
    const [newLong, newShort] = isBuy ? [long + added, short] : [long, short - added]
    const worse = worst(newLong, newShort) - worst(long, short)
    const mostGross = of('maxGrossExposure')
    if (mostGross !== undefined && worse > 0n && gross + worse * mark > money(mostGross))
      if (this.refuses('grossExposure', asked)) return CHECKS.grossExposure
    const mostNet = of('maxNetExposure')
    const net = isBuy ? netLong + added * mark : -netShort + added * mark
    return mostNet !== undefined && net > money(mostNet) && this.refuses('netExposure', asked)
      ? CHECKS.netExposure
      : 0
  }

  totals(client: number): { gross: bigint; netLong: bigint; netShort: bigint; profit: bigint } {
    const sum = { gross: 0n, netLong: 0n, netShort: 0n, profit: 0n }
    for (const [key, position] of this.positions) {
      const [of, instrument] = key.split('/').map(Number)
      if (of !== client) continue
      const scale = this.scale(instrument!)
      const mark = this.price(instrument!).mark * scale
      const [long, short] = [position.lots + position.openBuy, position.lots - position.openSell]
      const sizes = [long, -long, short, -short]
      sum.gross += sizes.reduce((a, b) => (a > b ? a : b)) * mark
      sum.netLong += long * mark
      sum.netShort += short * mark
      sum.profit += (this.profit(key, position) - position.dayBase) * scale
    }
    return sum
  }

  /** What one tick times one lot is worth, in units of 10^-10. */
  private scale(instrument: number): bigint {
    const units = (text: string): bigint => BigInt(Math.round(Number(text) * 100_000))
    return (
      units(this.instruments.formatPrice(instrument, 1)) *
      units(this.instruments.formatQuantity(instrument, 1))
    )
  }

  private reduces({ client, instrument, side, added }: Asked): boolean {
    if (added <= 0n) return true
    const { lots, openBuy, openSell } = this.position(client, instrument)
    return side === Side.buy ? lots + openBuy + added <= 0n : lots - openSell - added >= 0n
  }

  /** Trades the order against copies of the queues, and sees whether one of its own client's comes up. */
  private meetsOwn({ client, instrument, side, price, open, orderType }: Asked): boolean {
    if (orderType > OrderType.market) return false
    if (this.engine.tradingState(instrument) !== TradingState.continuous) return false
    const { groups } = this.engine.state
    const isOwn = (order: LiveOrder): boolean =>
      order.client === client || (groups.has(client) && groups.get(client) === groups.get(order.client))
    const isWithin = (order: LiveOrder): boolean =>
      price === 0n ||
      (side === Side.buy ? BigInt(order.priceTicks) <= price : BigInt(order.priceTicks) >= price)
    const queue = [...this.engine.orders(instrument, 1 - side)].map((order) => ({
      order,
      left: order.openLots,
    }))
    let left = Number(open)
    while (left > 0 && queue.length > 0) {
      const first = queue.shift()!
      if (!isWithin(first.order)) return false
      if (isOwn(first.order)) return true
      const { displayLots, isHidden, priceTicks, shownLots } = first.order
      const isIceberg = displayLots > 0 && !isHidden
      const shown = !isIceberg
        ? first.left
        : first.left === first.order.openLots
          ? shownLots
          : Math.min(displayLots, first.left)
      const traded = Math.min(left, shown)
      left -= traded
      first.left -= traded
      if (first.left === 0 || traded < shown) continue
      // An iceberg's next lots show at the end of those displayed at its price.
      const behind = queue.findIndex(({ order }) => order.priceTicks !== priceTicks || order.isHidden)
      queue.splice(behind === -1 ? queue.length : behind, 0, first)
    }
    return false
  }

  private takeToken(client: number, instrument: number): boolean {
    const rate = this.limit(client, instrument, 'messagesPerSecond')
    if (rate === undefined) return true
    const burst = this.limit(client, instrument, 'messageBurst')
    const state = this.client(client)
    const room = BigInt(burst ?? rate) * UNITS
    const filled =
      state.tokensAt === undefined ? room : state.tokens + (this.now - state.tokensAt) * BigInt(rate)
    state.tokens = filled > room ? room : filled
    state.tokensAt = this.now
    if (state.tokens <= UNITS - BigInt(rate)) return false
    state.tokens -= UNITS
    return true
  }

  private refuses(name: CheckName, asked: Asked): boolean {
    const action = this.actions.get(CHECKS[name]) ?? 'reject'
    if (action === 'reject') return true
    if (action === 'off') return false
    this.alerts++
    if (action === 'alert') return false
    this.trip(asked.client, 'reduce-only', undefined)
    return !this.reduces(asked)
  }

  private trip(client: number, to: 'reduce-only' | 'halted', coolDownSeconds: number | undefined): void {
    const state = this.client(client)
    if (state.tripped === to || state.tripped === 'halted') return
    state.tripped = to
    state.until = coolDownSeconds === undefined ? undefined : this.now + BigInt(coolDownSeconds) * UNITS
  }

  /** Takes up what the engine says of the command just judged. */
  follow(event: EngineEvent): void {
    const { kind, client, instrument, side } = event
    const add = (of: number, at: number, lots: number): void => {
      const position = this.position(of, instrument)
      if (at === Side.buy) position.openBuy += BigInt(lots)
      else position.openSell += BigInt(lots)
    }
    if (kind === EventKind.accepted) {
      add(client, side, event.lots)
      const price = this.price(instrument)
      if (price.last === 0n && this.instruments.referenceTicks[instrument] === 0 && event.priceTicks !== 0)
        price.mark = BigInt(event.priceTicks)
    } else if (kind === EventKind.cancelled) add(client, side, -event.lots)
    else if (kind === EventKind.amended || kind === EventKind.replaced)
      add(client, side, event.openLots - event.previousOpenLots)
    else if (kind === EventKind.trade) {
      this.move(instrument, BigInt(event.priceTicks))
      const takerSide = side === Side.sell ? Side.sell : Side.buy
      for (const [of, at] of [
        [client, takerSide],
        [event.makerClient, 1 - takerSide],
      ] as const) {
        add(of, at, -event.lots)
        this.client(of).trades++
        fill(
          this.position(of, instrument),
          BigInt(at === Side.buy ? event.lots : -event.lots),
          BigInt(event.priceTicks),
        )
      }
      const price = this.price(instrument)
      price.last = price.mark = BigInt(event.priceTicks)
      price.lastTime = this.now
      price.lastSequence = event.sequence
    } else if (kind === EventKind.rejected && client !== 0) this.rejected(client)
  }

  private rejected(client: number): void {
    const { rejects } = this.settings.breakers ?? {}
    if (rejects === undefined) return
    const state = this.client(client)
    const window = this.now / (BigInt(rejects.seconds) * UNITS)
    if (state.window !== window) state.rejects = 0
    state.window = window
    if (++state.rejects > rejects.most) this.trip(client, 'halted', rejects.coolDownSeconds)
  }

  private move(instrument: number, to: bigint): void {
    const { priceMove } = this.settings.breakers ?? {}
    if (priceMove === undefined) return
    const price = this.price(instrument)
    const window = this.now / (BigInt(priceMove.seconds) * UNITS)
    if (price.window !== window) {
      price.window = window
      price.base = price.last === 0n ? BigInt(this.instruments.referenceTicks[instrument]!) : price.last
    }
    const away = to > price.base ? to - price.base : price.base - to
    if (price.base === 0n) price.base = to
    else if (away > BigInt(priceMove.ticks) && !price.isTripped) {
      price.isTripped = true
      const { coolDownSeconds } = priceMove
      price.until = coolDownSeconds === undefined ? undefined : this.now + BigInt(coolDownSeconds) * UNITS
    }
  }

  position(client: number, instrument: number): Position {
    const key = `${client}/${instrument}`
    const known = this.positions.get(key)
    if (known !== undefined) return known
    const made = { lots: 0n, openBuy: 0n, openSell: 0n, cost: 0n, realised: 0n, dayBase: 0n, last: undefined }
    this.positions.set(key, made)
    return made
  }

  private client(client: number): Client {
    const known = this.clients.get(client)
    if (known !== undefined) return known
    const made: Client = {
      messages: 0,
      trades: 0,
      tokens: 0n,
      tokensAt: undefined,
      tripped: 'active',
      until: undefined,
      rejects: 0,
      window: undefined,
    }
    this.clients.set(client, made)
    return made
  }

  private price(instrument: number): Price {
    const known = this.prices.get(instrument)
    if (known !== undefined) return known
    const mark = BigInt(this.instruments.referenceTicks[instrument]!)
    const made: Price = {
      last: 0n,
      lastTime: 0n,
      lastSequence: 0,
      mark,
      isTripped: false,
      until: undefined,
      base: 0n,
      window: undefined,
    }
    this.prices.set(instrument, made)
    return made
  }
}

/** An amount in units of 10^-10. */
function money(amount: string): bigint {
  return BigInt(amount) * 10_000_000_000n
}

/** What closes a position takes its share of the cost, rounded down. */
function fill(position: Position, lots: bigint, price: bigint): void {
  const { lots: before } = position
  const sign = before < 0n ? -1n : 1n
  const size = before * sign
  const closing = lots * sign < 0n ? (-lots * sign < size ? -lots * sign : size) : 0n
  if (closing > 0n) {
    const share = sign * ((position.cost * sign * closing) / size)
    position.cost -= share
    position.realised += sign * closing * price - share
  }
  position.lots += lots
  position.cost += (lots + sign * closing) * price
}
