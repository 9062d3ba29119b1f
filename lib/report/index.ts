/**
 * Records of experiments as something to read: a text of tables for the terminal, and one self-contained HTML page with plots.
 * Records go in, strings come out; nothing here reads or writes a file.
 *
 * `group` sorts runs by method and density, `tables`, `relations`, `curve`, `accuracy-plots` and `mask-figures` show them,
 * `estimate` and `correlation` summarise over seeds, `plot/` draws. Add a column or a table in `tables`, a section of the page in
 * `experiment-html`.
 */
export { experimentHtml } from './experiment-html.js'
export { experimentText } from './experiment-text.js'
