/** Keys that every stage has; all others are its operator's. */
export const STAGE_KEYS: readonly string[] = ['id', 'operator', 'inputs']
