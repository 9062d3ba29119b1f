export { htmlReport } from './html.js'
export { MethodResult, RunRecord, SearchResult, SeedResult } from './record.js'
export { textReport } from './table.js'
