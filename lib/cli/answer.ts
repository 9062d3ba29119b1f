/** What a command answers: text for people, and an object for programs, which `--json` prints. */
export interface Answer {
  readonly text: string
  readonly json: object
}

/** The help of a command as an answer. */
export const helpAnswer = (help: string): Answer => ({ text: help, json: { help } })
