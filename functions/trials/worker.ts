import { serveTasks } from '../host/tasks.ts';
import { chartsOf } from './charts.ts';

serveTasks({ charts: chartsOf });
