/** A state failed, by the name that `Retry` and `Catch` know it by. */
export class StateError extends Error {
  constructor(
    /** Such as `States.TaskFailed`. */
    readonly error: string,
    /** For people; what ended a task puts the task there. */
    readonly failure: string,
  ) {
    super(`${error}: ${failure}`);
    this.name = 'StateError';
  }
}
