/**
 * An error that is meant for the user: what happened and where (`message`), and what to do (`hint`).
 * Every other error is a bug of ours and is reported with its stack in the log.
 */
export class Failure extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly hint: string,
    /** 2: the settings or files named by the user are unusable. 1: the work itself failed. */
    readonly exitCode: 1 | 2 = 1,
  ) {
    super(message);
    this.name = 'Failure';
  }
}
