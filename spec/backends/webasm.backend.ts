import { proves } from './suite.js'

proves('webasm', 2000)
