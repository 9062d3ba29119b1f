import { proves } from './suite.js'

proves('headlessgl', 300)
