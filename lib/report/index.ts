export { experimentHtml, experimentText } from './experiment.js'
export { htmlReport } from './html.js'
export { MethodResult, RunRecord, SeedResult } from './record.js'
export { textReport } from './table.js'
