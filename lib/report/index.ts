/**
 * Records of experiments as something to read: a text of tables for the terminal, and one HTML page with plots that needs
 * nothing else. Records go in, strings come out; nothing here reads or writes a file.
 *
 * `experiment/` says what is shown of a record, `plot/` draws, `table` and `page` lay out, `statistics` and `correlation`
 * summarise over seeds. A new part of the page is a function of the record in `experiment/` and a line in its `html.ts`.
 */
export { experimentHtml } from './experiment-html.js'
export { experimentText } from './experiment-text.js'
