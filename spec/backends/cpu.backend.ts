import { proves } from './suite.js'

proves('cpu', 2000)
