import { serveTasks } from '../io/serve-tasks.js'
import { jobComputer } from './compute-job.js'

// What Node starts for `--jobs`: a process that computes runs for the one that started it.
serveTasks('tangentflow experiment', jobComputer())
