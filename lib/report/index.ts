export { experimentHtml } from './experiment/html.js'
export { experimentText } from './experiment/text.js'
