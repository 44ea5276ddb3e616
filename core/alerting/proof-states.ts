/** What the state machine is doing: the names of its states. */
export const PROOF_STATES = {
  sound: 'SetAlarm',
  sounding: 'LetItArrive',
  end: 'SetOk',
  ending: 'LetItEnd',
  deadLetters: 'CountDeadLetters',
  read: 'ReadMetrics',
} as const;
