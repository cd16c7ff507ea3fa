/** Why there is no advice. */
export const Silence = {
  none: 0,
  /** The instrument has not seen enough events. */
  cold: 1,
  /** Its last event is too long ago. */
  stale: 2,
  /** The model's chances have not been true of late, or its features are no longer those it was trained on. */
  calibration: 3,
  drift: 4,
  /** The model gave something that is no number. */
  broken: 5,
  /** The model has not answered in time. */
  late: 6,
} as const

/** What is predicted of one instrument. The same object each time: read it before asking for the next. */
export interface Prediction {
  /** A Direction: the likeliest. */
  direction: number
  /** Chances of down, flat and up, calibrated; they sum to 1. */
  down: number
  flat: number
  up: number
  /** Of the direction. */
  confidence: number
  /** Mean of where the mid will be at the horizon less where it is, in ticks. */
  expectedMoveTicks: number
  /** Since the event of the instrument that it was made from, in nanoseconds of the stream. */
  ageNs: number
  /** A Silence: 0 if the prediction may be acted on. */
  silence: number
}
